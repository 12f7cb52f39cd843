"""What all areas build on: storage, validation, resources, time, authentication."""

from __future__ import annotations
