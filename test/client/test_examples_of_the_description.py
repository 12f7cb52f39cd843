"""Each example of the description survives a round trip through its model."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import ubiops
from generator.load import load
from ubiops._core.codec import dump_json
from ubiops._core.dates import read_datetime
from ubiops.models._base import Model, RequestModel

ROOT = Path(__file__).resolve().parent.parent.parent
DESCRIPTION = load(ROOT / "openapi" / "openapi.yaml").content


SCHEMAS = DESCRIPTION["components"]["schemas"]


def examples() -> list[Any]:
    """All examples of JSON bodies, of requests and responses, list items one by one."""
    found = []
    for item in DESCRIPTION["paths"].values():
        for operation in item.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                media = body.get("content", {}).get("application/json", {})
                name = model_in(media.get("schema", {}))
                if name is None or SCHEMAS[name].get("x-internal"):
                    continue
                for title, example in media["examples"].items():
                    values = example["value"] if isinstance(example["value"], list) else [example["value"]]
                    for index, value in enumerate(values):
                        found.append(pytest.param(name, value, id=f"{operation['operationId']}-{title}-{index}"))
    return found


def model_in(schema: dict[str, Any]) -> str | None:
    """The model of a body, of a list's entries, or of both."""
    schema = schema.get("oneOf", [schema])[0]
    reference = schema.get("$ref") or schema.get("items", {}).get("$ref")
    return reference.rpartition("/")[2] if reference else None


EXAMPLES = examples()


def test_every_model_has_an_example_or_is_part_of_another_one() -> None:
    shown = {example.values[0] for example in EXAMPLES}
    parts = {name for schema in SCHEMAS.values() for field in schema["properties"].values() for name in parts_of(field)}
    alone = {name for name, schema in SCHEMAS.items() if "example" in schema}
    assert len(shown) > 100
    assert set(ubiops.models.__all__) - shown - parts - alone == set()


def parts_of(field: dict[str, Any]) -> list[str]:
    """The models in a field."""
    schemas = [field, field.get("items", {}), *field.get("anyOf", ())]
    return [schema["$ref"].rpartition("/")[2] for schema in schemas if "$ref" in schema]


@pytest.mark.parametrize(("name", "value"), EXAMPLES)
def test_an_example_survives_a_round_trip_through_its_model(name: str, value: Any) -> None:
    cls: type[Model] = getattr(ubiops, name)
    model = cls.from_dict(value)
    assert model.additional_properties == {}
    assert cls.from_dict(model.to_dict()) == model
    assert without_none(as_sent(model.to_dict())) == without_none(as_sent(value))
    if issubclass(cls, RequestModel):
        assert json.loads(dump_json(cls(**with_nulls(value)))) == value
        assert json.loads(dump_json(model)) == without_none(value)


def with_nulls(value: Any) -> Any:
    """A value as a caller gives it: None would mean that a field is not given."""
    if isinstance(value, dict):
        return {name: with_nulls(item) for name, item in value.items()}
    if isinstance(value, list):
        return [with_nulls(item) for item in value]
    return ubiops.NULL if value is None else value


def as_sent(value: Any) -> Any:
    """A value with its dates as text and its times as datetimes, in any format."""
    if isinstance(value, dict):
        return {name: as_sent(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    read = read_datetime(value) if isinstance(value, str) and "T" in value else value
    if isinstance(read, datetime):
        return read.timestamp()
    return read.isoformat() if isinstance(read, date) else value


def without_none(value: Any) -> Any:
    """A value without null fields, which a model treats like missing ones."""
    if isinstance(value, dict):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value
