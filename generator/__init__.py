"""Generates code and docs from the description in `openapi/`; see README.md."""

from __future__ import annotations
