"""Reads a result completely, and compares it with the JSON that it was made of."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from contract.calls import argument
from contract.operations import MODEL


def read_completely(value: Any, schema: dict[str, Any], sent: Any) -> None:
    """Reads all that a result contains, and checks types and values.

    Args:
        value: What a method returned, or a part of it.
        schema: The schema of it, without references.
        sent: The JSON value that the server sent.
    """
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if sent is not None and (MODEL in choice) == isinstance(sent, dict):
            schema = choice
            break
    if sent is None:
        assert value is None
    elif MODEL in schema and isinstance(sent, dict):
        _read_model(value, schema, sent)
    elif isinstance(sent, list) and "items" in schema:
        assert isinstance(value, list)
        assert len(value) == len(sent)
        for one, sent_one in zip(value, sent):
            read_completely(one, schema["items"], sent_one)
    elif isinstance(sent, str) and schema.get("format") == "date-time":
        assert type(value) is datetime
        assert value.tzinfo is not None
        assert value == datetime.fromisoformat(_six_digits(sent))
    elif isinstance(sent, str) and schema.get("format") == "date":
        assert type(value) is date
        assert value.isoformat() == sent
    else:
        assert type(value) is type(sent) or isinstance(value, type(sent))
        assert value == sent


def _six_digits(text: str) -> str:
    """A date and time as Python 3.9 reads it."""
    padded = re.sub(r"\.([0-9]{1,6})[0-9]*", lambda found: f".{found[1]:0<6}", text)
    return padded.replace("Z", "+00:00")


def _read_model(value: Any, schema: dict[str, Any], sent: dict[str, Any]) -> None:
    cls = type(value)
    assert cls.__name__ == schema[MODEL]
    assert value.additional_properties == {}
    attributes = {key: name for name, key in cls.attribute_map.items()}
    for key, part in schema["properties"].items():
        name = attributes[key]
        assert name == argument(key)
        read_completely(getattr(value, name), part, sent.get(key))
        if getattr(value, name) is not None and "x-declared-type" not in part:
            assert fits(getattr(value, name), cls.openapi_types[name]), (name, cls.openapi_types[name])
    # Those of the other generation exist as well.
    for name, key in cls.attribute_map.items():
        if key not in schema["properties"]:
            assert getattr(value, name) is None
    made = value.to_dict()
    assert {key for key, one in made.items() if one is not None} == {
        attributes[key] for key, one in sent.items() if one is not None
    }
    again = cls.from_dict({cls.attribute_map[name]: one for name, one in made.items()})
    assert again == value
    assert repr(again) == repr(value)
    assert isinstance(value.to_str(), str)


_KINDS: dict[str, Any] = {
    "bool": bool,
    "date": date,
    "datetime": datetime,
    "float": (int, float),
    "int": int,
    "object": object,
    "str": str,
}


def fits(value: Any, declared: str) -> bool:
    """Returns whether a value has a type of ``openapi_types``."""
    if value is None:
        return True
    if declared.startswith("list["):
        return isinstance(value, list) and all(fits(one, declared[5:-1]) for one in value)
    if declared.startswith("dict("):
        item = declared[declared.index(",") + 1 : -1].strip()
        return isinstance(value, dict) and all(fits(one, item) for one in value.values())
    if declared in _KINDS:
        return isinstance(value, _KINDS[declared]) and (
            declared == "bool" or not isinstance(value, bool) or declared == "object"
        )
    return type(value).__name__ == declared
