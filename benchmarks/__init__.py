"""How fast this client is, beside the official one and beside bare urllib3 and json: ``python -m benchmarks``."""

from __future__ import annotations
