"""Local files: what is uploaded, what is downloaded, and progress bars."""

from __future__ import annotations
