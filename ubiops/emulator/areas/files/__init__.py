"""The area files: buckets, the files in them, and signed URLs of their content."""

from __future__ import annotations
