"""Local files: uploads, downloads and progress bars."""

from __future__ import annotations
