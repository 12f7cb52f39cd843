"""Each kind of field: what is generated for it, and what the model then does."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import ubiops
from generator.generate import generate
from generator.strict_yaml import read_yaml
from ubiops._core.codec import dump_json
from ubiops.models._base import NULL

HERE = Path(__file__).resolve().parent
UTC = timezone.utc


class Kind(NamedTuple):
    """A kind of field.

    Attributes:
        schema: Its schema in the description.
        sent: The annotation in a model that is sent.
        received: The annotation in a model that is only received.
        declared: Its type in ``openapi_types``.
        good: Values that may be given, each with what is sent for it.
        bad: Values that are refused, each with the end of the message.
        reads: Values of a response, each with what the attribute is.
    """

    schema: dict[str, Any]
    sent: str
    received: str
    declared: str
    good: list[tuple[Any, Any]]
    bad: list[tuple[Any, str]]
    reads: list[tuple[Any, Any]]


THING = {"$ref": "#/components/schemas/Thing"}
FREE = {"type": "object", "additionalProperties": True}
ANYTHING: list[Any] = [1, 2.5, "text", True, [1, [None]], {"a": {"b": None}}]

KINDS = {
    "any": Kind(
        {"x-any": True},
        "Any | Null | None",
        "Any",
        "object",
        [*((value, value) for value in ANYTHING), (NULL, None)],
        [],
        [*((value, value) for value in ANYTHING), (None, None)],
    ),
    "model_or_null": Kind(
        {"anyOf": [THING, {"type": "null"}]},
        "Thing | Mapping[str, Any] | Null | None",
        "Thing | None",
        "Thing",
        [({"name": "pen"}, {"name": "pen"}), ({"name": None}, {}), (NULL, None)],
        [
            (5, "model_or_null must be a Thing or a dict, got int: 5"),
            ({"name": 5}, "model_or_null.name must be a string"),
        ],
        [(None, None), ("odd", "odd"), ([{"name": "pen"}], [{"name": "pen"}])],
    ),
    "day": Kind(
        {"type": "string", "format": "date"},
        "date | str | Null | None",
        "date",
        "date",
        [(date(2024, 2, 29), "2024-02-29"), ("2024-02-29", "2024-02-29")],
        [
            ("2023-02-29", "day must be a date or a string such as '2024-12-31', got str: '2023-02-29'"),
            (datetime(2024, 2, 29), "got datetime: datetime.datetime(2024, 2, 29, 0, 0)"),
            (5, "got int: 5"),
        ],
        [("2024-02-29", date(2024, 2, 29)), ("2023-02-29", "2023-02-29"), ("soon", "soon"), (None, None), (5, 5)],
    ),
    "moment": Kind(
        {"type": "string", "format": "date-time"},
        "datetime | str | Null | None",
        "datetime",
        "datetime",
        [(datetime(2024, 2, 29, tzinfo=UTC), "2024-02-29T00:00:00Z"), ("2024-02-29 10:00", "2024-02-29 10:00")],
        [("soon", "moment must be a datetime or an ISO 8601 string, got str: 'soon'")],
        [("2024-02-29T10:00:00Z", datetime(2024, 2, 29, 10, tzinfo=UTC)), ("soon", "soon")],
    ),
    "objects": Kind(
        {"type": "array", "items": FREE},
        "Sequence[Mapping[str, Any]] | Null | None",
        "list[dict[str, Any]]",
        "list[object]",
        [([{"a": 1}, {}], [{"a": 1}, {}]), (({"a": None},), [{"a": None}])],
        [
            ({}, "objects must be a list, got dict: {}"),
            ([{}, 5], "objects[1] must be a dict, got int: 5"),
            ([{1: 2}], "objects[0] must have strings as keys, got int: 1"),
            ([None], "objects[0] must be given (it is required), got None"),
        ],
        [([{"a": 1}], [{"a": 1}]), (["odd", None], ["odd", None])],
    ),
    "string_maps": Kind(
        {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}},
        "Sequence[Mapping[str, str]] | Null | None",
        "list[dict[str, str]]",
        "list[dict(str, str)]",
        [([{"a": "b"}], [{"a": "b"}])],
        [([{"a": 1}], "string_maps[0]['a'] must be a string, got int: 1"), ([5], "string_maps[0] must be a dict")],
        [([{"a": "b"}], [{"a": "b"}])],
    ),
    "map_of_objects": Kind(
        {"type": "object", "additionalProperties": FREE},
        "Mapping[str, Mapping[str, Any]] | Null | None",
        "dict[str, dict[str, Any]]",
        "dict(str, object)",
        [({"a": {"b": [1]}}, {"a": {"b": [1]}})],
        [({"a": 1}, "map_of_objects['a'] must be a dict, got int: 1"), ([], "map_of_objects must be a dict")],
        [({"a": {"b": 1}}, {"a": {"b": 1}}), ({"a": 5}, {"a": 5})],
    ),
    "step": Kind(
        {"type": "integer", "enum": [60, 3600, -1]},
        "Literal[60, 3600, -1] | Null | None",
        "int",
        "int",
        [(60, 60), (-1, -1)],
        [
            (61, "step must be one of 60, 3600, -1, got 61"),
            ("60", "step must be an integer, got str: '60'"),
            (True, "step must be an integer, got bool: True"),
        ],
        [(60, 60), (61, 61), ("odd", "odd")],
    ),
    "colour": Kind(
        {"type": "string", "enum": ["light red", "green"]},
        "Literal['light red', 'green'] | Null | None",
        "str",
        "str",
        [("light red", "light red")],
        [("red", "colour must be one of 'light red', 'green', got 'red'"), (5, "colour must be a string, got int: 5")],
        [("light red", "light red"), ("newer", "newer")],
    ),
    "password": Kind(
        {"type": "string", "minLength": 3, "x-sensitive": True},
        "str | Null | None",
        "str",
        "str",
        [("hunter2", "hunter2")],
        [
            ("h2", "password must have at least 3 characters, got ***"),
            (["h2"], "password must be a string, got list: ***"),
        ],
        [("hunter2", "hunter2")],
    ),
    "credentials": Kind(
        {**FREE, "x-sensitive": True},
        "Mapping[str, Any] | Null | None",
        "dict[str, Any]",
        "object",
        [({"key": "hunter2"}, {"key": "hunter2"})],
        [
            (["hunter2"], "credentials must be a dict, got list: ***"),
            ({7: 1}, "must have strings as keys, got int: ***"),
        ],
        [({"key": "hunter2"}, {"key": "hunter2"})],
    ),
    "numbers": Kind(
        {"type": "array", "items": {"type": "number"}},
        "Sequence[float] | Null | None",
        "list[float]",
        "list[float]",
        [([1, 2.5], [1, 2.5])],
        [
            ([1, "2"], "numbers[1] must be a number, got str: '2'"),
            ([float("nan")], "numbers[0] must be a finite number"),
        ],
        [([1, 2.5], [1, 2.5])],
    ),
    "id": Kind(
        {"type": "string", "format": "uuid"},
        "str | Null | None",
        "str",
        "str",
        [(uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005")],
        [(5, "id must be a string, got int: 5")],
        [("a", "a")],
    ),
}
REQUIRED_OR_NULL = {"type": ["string", "null"], "description": "Its value."}
CASES = [pytest.param(name, kind, id=name) for name, kind in KINDS.items()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Models with all kinds of fields: ``Box`` is received, ``BoxChange`` sent."""
    description = copy.deepcopy(read_yaml(HERE / "broken" / "base.yaml", "base.yaml"))
    schemas = description["components"]["schemas"]
    fields = {name: {**kind.schema, "description": f"The field {name}."} for name, kind in KINDS.items()}
    schemas["Box"]["properties"] = {**schemas["Box"]["properties"], **fields}
    schemas["BoxChange"]["properties"] = {**fields, "value": REQUIRED_OR_NULL}
    schemas["BoxChange"]["required"] = ["value"]
    body = description["paths"]["/boxes/{box}"]["post"]["requestBody"]["content"]["application/json"]
    body["examples"]["small"]["value"] = {"value": None, "colour": "green"}
    folder = tmp_path_factory.mktemp("description")
    sections = {"paths": description.pop("paths"), "schemas": description["components"].pop("schemas")}
    for name, content in sections.items():
        (folder / name).mkdir()
        (folder / name / "boxes.yaml").write_text(json.dumps(content), encoding="utf-8")
    (folder / "openapi.yaml").write_text(json.dumps(description), encoding="utf-8")
    return generate(folder / "openapi.yaml")


@pytest.fixture(scope="module")
def models(files: dict[str, str]) -> Iterator[Any]:
    """The generated models, as modules of a package of their own."""
    package = sys.modules["boxes"] = ModuleType("boxes")
    modules = ("thing", "box", "box_change")
    try:
        for name in modules:
            module = sys.modules[f"boxes.{name}"] = ModuleType(f"boxes.{name}")
            exec(files[f"ubiops/models/{name}.py"], vars(module))  # noqa: S102 - it was generated just now
            for key, value in vars(module).items():
                if isinstance(value, type):
                    setattr(package, key, value)
        yield package
    finally:
        for name in ("boxes", *(f"boxes.{one}" for one in modules)):
            sys.modules.pop(name, None)


def annotation(text: str, name: str) -> str:
    lines = [line.split(" = field(")[0] for line in text.splitlines() if line.startswith(f"    {name}: ")]
    assert len(lines) == 1
    return lines[0].split(": ", 1)[1].replace('"', "'")


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_annotations_are_those_of_the_kind(name: str, kind: Kind, files: dict[str, str], models: Any) -> None:
    assert annotation(files["ubiops/models/box_change.py"], name) == kind.sent
    assert annotation(files["ubiops/models/box.py"], name) == kind.received
    assert models.Box.openapi_types[name] == models.BoxChange.openapi_types[name] == kind.declared


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_valid_values_are_sent(name: str, kind: Kind, models: Any) -> None:
    for value, sent in kind.good:
        for model in (
            models.BoxChange(value="x", **{name: value}),
            models.BoxChange.from_dict({"value": "x", name: value}),
        ):
            assert json.loads(dump_json(model)) == {"value": "x", name: sent}
            assert pickle.loads(pickle.dumps(model)) == copy.deepcopy(model) == model


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_invalid_values_are_refused(name: str, kind: Kind, models: Any) -> None:
    for value, message in kind.bad:
        with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)) as caught:
            models.BoxChange(value="x", **{name: value})
        assert message in str(caught.value)
        assert str(caught.value).startswith(f"BoxChange.{name}")
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_values_of_responses_are_read(name: str, kind: Kind, models: Any) -> None:
    for received, expected in kind.reads:
        for model in (models.Box.from_dict({name: received}), models.BoxChange.from_dict({name: received})):
            assert getattr(model, name) == expected
            assert model.to_dict()[name] == expected
            assert type(model).from_dict(model.to_dict()) == model


def test_a_model_or_null_is_read_as_the_model(models: Any) -> None:
    box = models.Box.from_dict({"model_or_null": {"name": "pen", "newer": 1}})
    assert isinstance(box.model_or_null, models.Thing)
    assert box.model_or_null.additional_properties == {"newer": 1}
    assert models.BoxChange(value="x", model_or_null=models.Thing(name="pen")).model_or_null.name == "pen"


def test_a_required_field_that_may_be_null_must_be_given(files: dict[str, str], models: Any) -> None:
    assert annotation(files["ubiops/models/box_change.py"], "value") == "str | Null"
    assert json.loads(dump_json(models.BoxChange(value=NULL))) == {"value": None}
    with pytest.raises(ubiops.ApiValueError) as caught:
        models.BoxChange()
    assert str(caught.value) == ("BoxChange.value must be given (it is required; ubiops.NULL sends null), got None")


def test_values_that_are_always_secret_are_never_shown(models: Any) -> None:
    values: dict[str, Any] = {"password": "hunter2", "credentials": {"key": "hunter2"}}
    for model in (models.Box.from_dict(values), models.BoxChange(value="x", **values)):
        assert "hunter2" not in f"{model!r}{model!s}{model.to_str()}{[model]!r}"
        assert repr(model).count("***") == 2
        assert model.to_dict()["credentials"] == {"key": "hunter2"}


def test_everything_is_sent_that_json_has_a_form_for(models: Any) -> None:
    with pytest.raises(ubiops.ApiTypeError, match="can't be sent as JSON"):
        dump_json(models.BoxChange(value="x", any=object()))
    with pytest.raises(ubiops.ApiValueError, match="data.'any'"):
        dump_json(models.BoxChange(value="x", any=[float("nan")]))
