"""The code of the template deployments: each folder is packed into a zip file when a version asks for it."""

from __future__ import annotations
