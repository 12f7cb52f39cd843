"""Rules about names, descriptions and labels that the description of the API does not hold, each in one place."""

from __future__ import annotations

import re

from ubiops.emulator.errors import bad_request

NAME_LENGTH = 64
DESCRIPTION_LENGTH = 400
# Which characters a name may have is not documented; these are safe in a path, a file name and a host name's label.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*)", re.ASCII)
_VARIABLE_NAME = re.compile(r"[A-Za-z](?:[A-Za-z_]*[A-Za-z])?", re.ASCII)


def check_name(name: str, field: str) -> None:
    """Refuses what can't be the name of a deployment or a version."""
    if len(name) > NAME_LENGTH:
        raise bad_request(f"{field} may have up to {NAME_LENGTH} characters, it has {len(name)}")
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{field} {name!r} is no valid name: it may have letters, digits, '-', '_' and '.', "
            "and begins with a letter or a digit"
        )


def check_description(description: str) -> None:
    """Refuses a description that is too long to be shown again."""
    if len(description) > DESCRIPTION_LENGTH:
        raise bad_request(f"description may have up to {DESCRIPTION_LENGTH} characters, it has {len(description)}")


def is_variable_name(name: str) -> bool:
    """Whether this can be the name of an environment variable."""
    return len(name) <= NAME_LENGTH and _VARIABLE_NAME.fullmatch(name) is not None


def read_label_filter(text: str | None) -> list[tuple[str, str]] | None:
    """The pairs of ``label:value,label:value``; None for no filter at all."""
    if not text:
        return None
    pairs = []
    for part in text.split(","):
        label, colon, value = part.partition(":")
        if not colon or not label:
            raise bad_request(f"labels takes pairs such as 'label:value,label2:value2', not {part!r}")
        pairs.append((label, value))
    return pairs


def has_label(labels: dict[str, str], wanted: list[tuple[str, str]] | None) -> bool:
    """Whether an object with these labels passes a filter: it needs one of the pairs."""
    return wanted is None or any(labels.get(label) == value for label, value in wanted)
