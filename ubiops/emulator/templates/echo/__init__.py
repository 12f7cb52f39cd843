"""The code of a template deployment. This file itself is not packed."""

from __future__ import annotations
