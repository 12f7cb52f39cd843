"""Values in error messages."""

from __future__ import annotations

from typing import Any


def truncated_repr(value: Any) -> str:
    """Returns the repr of a value, shortened to 80 characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        # An int with more digits than Python converts to text, or lists that are nested
        # deeply.
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:77]}..."
