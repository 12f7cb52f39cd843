"""Each example of the description goes through its model and comes out as it went in."""

from __future__ import annotations

import json
from datetime import datetime
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


def examples() -> list[Any]:
    """All examples of JSON bodies: of requests and of responses, a list's entries one by one."""
    found = []
    for item in DESCRIPTION["paths"].values():
        for operation in item.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                media = body.get("content", {}).get("application/json", {})
                schema = media.get("schema", {})
                reference = schema.get("$ref") or schema.get("items", {}).get("$ref")
                if reference is None:
                    continue
                for name, example in media["examples"].items():
                    values = example["value"] if isinstance(example["value"], list) else [example["value"]]
                    for index, value in enumerate(values):
                        title = f"{operation['operationId']}-{name}-{index}"
                        found.append(pytest.param(reference.rsplit("/", 1)[-1], value, id=title))
    return found


EXAMPLES = examples()


def test_there_are_examples_of_every_model_that_is_sent_or_answered_as_a_whole() -> None:
    seen = {example.values[0] for example in EXAMPLES}
    nested = {name for name in ubiops.models.__all__ if name not in seen}
    assert len(seen) > 15
    assert all(
        "Field" in name or "Widget" in name or name in ("DeploymentVersionPort", "RevisionCreate") for name in nested
    )


@pytest.mark.parametrize(("name", "value"), EXAMPLES)
def test_an_example_comes_out_of_its_model_as_it_went_in(name: str, value: Any) -> None:
    cls: type[Model] = getattr(ubiops, name)
    model = cls.from_dict(value)
    assert model.additional_properties == {}
    assert cls.from_dict(model.to_dict()) == model
    assert without_none(as_sent(model.to_dict())) == without_none(as_sent(value))
    if issubclass(cls, RequestModel):
        built = cls(**value)
        assert json.loads(dump_json(built)) == json.loads(dump_json(model)) == value


def as_sent(value: Any) -> Any:
    """A value with dates as moments, whichever of their forms they have."""
    if isinstance(value, dict):
        return {name: as_sent(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    read = read_datetime(value) if isinstance(value, str) and "T" in value else value
    return read.timestamp() if isinstance(read, datetime) else value


def without_none(value: Any) -> Any:
    """A value without the fields that are null, which a model can't tell from those that are not there."""
    if isinstance(value, dict):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value
