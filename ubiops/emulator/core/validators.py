"""Rules for names and labels that the API's description doesn't hold."""

from __future__ import annotations

import re

from ubiops.emulator.core.errors import bad_request

# The characters of a name are not documented. These are safe in a path, a file name and
# a host name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)


def check_name(name: str, field: str) -> None:
    """Rejects a name with characters that the emulator doesn't accept."""
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{field} {name!r} is not a valid name: use letters, digits, '-', '_' and '.', "
            "and start with a letter or a digit"
        )


def read_label_filter(text: str | None) -> list[tuple[str, str]] | None:
    """Returns the pairs of a filter ``label:value,label:value``, or None."""
    if not text:
        return None
    pairs = []
    for part in text.split(","):
        label, colon, value = part.partition(":")
        if not colon or not label:
            raise bad_request(f"labels must be pairs such as 'label:value,label2:value2', not {part!r}")
        pairs.append((label, value))
    return pairs


def has_label(labels: dict[str, str], wanted: list[tuple[str, str]] | None) -> bool:
    """Returns whether labels pass a filter: one of its pairs is enough."""
    return wanted is None or any(labels.get(label) == value for label, value in wanted)
