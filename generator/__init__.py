"""Makes all that is generated, from the description in `openapi/`; README.md says how."""

from __future__ import annotations
