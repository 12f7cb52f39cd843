"""Input and output of deployments and pipelines: types and fields."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ubiops.emulator.core.errors import bad_request

SIDES = ("input", "output")


def read_field(field: dict[str, Any]) -> dict[str, Any]:
    """Returns a field as it is stored and shown."""
    widget = field.get("widget")
    stored = {"type": widget["type"], "configuration": widget.get("configuration", {})} if widget else {}
    return {"name": field["name"], "data_type": field["data_type"], "widget": stored}


def read_fields(settings: dict[str, Any]) -> None:
    """Normalizes the fields of both sides in place.

    Raises:
        ApiError: A structured side has no list of fields.
    """
    for side in SIDES:
        fields = settings.get(f"{side}_fields")
        if fields is None and settings[f"{side}_type"] == "structured":
            raise bad_request(f"{side}_fields is required, because {side}_type is structured")
        settings[f"{side}_fields"] = [read_field(field) for field in fields or ()]


def check_fields(settings: dict[str, Any]) -> None:
    """Checks the fields of both sides against their types.

    Raises:
        ApiError: A plain side has fields, or two fields have the same name.
    """
    for side in SIDES:
        fields = settings[f"{side}_fields"]
        if fields and settings[f"{side}_type"] != "structured":
            raise bad_request(f"{side}_fields must be empty, because {side}_type is {settings[f'{side}_type']}")
        names = Counter(field["name"] for field in fields)
        twice = sorted(name for name, times in names.items() if times > 1)
        if twice:
            raise bad_request(f"{side}_fields has more than one field with the name {twice[0]!r}")
