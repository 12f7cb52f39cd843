"""The kinds of objects of this area, as errors name them."""

from __future__ import annotations

PIPELINE = "Pipeline"
VERSION = "Pipeline version"
OBJECT = "Pipeline object"
