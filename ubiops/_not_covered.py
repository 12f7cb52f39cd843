"""What the official client has and this one does not, for error messages.

Made by `python test/support/not_covered.py`. Do not edit.
"""

from __future__ import annotations

METHODS: dict[str, str] = {}
MODELS: frozenset[str] = frozenset(())
UTILS: frozenset[str] = frozenset(("StreamLogs",))
