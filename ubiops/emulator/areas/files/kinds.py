"""The kinds of objects of this area, as errors name them."""

from __future__ import annotations

BUCKET = "Bucket"
FILE = "File"
UPLOAD = "Upload in parts"
