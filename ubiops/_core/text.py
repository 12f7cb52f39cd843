"""Values as error messages show them."""

from __future__ import annotations

from typing import Any


def truncated_repr(value: Any) -> str:
    """A value as an error's text shows it."""
    try:
        text = repr(value)
    except ValueError:
        # An int of more digits than Python turns into text.
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:77]}..."
