"""The network: the only package that imports urllib3."""

from __future__ import annotations
