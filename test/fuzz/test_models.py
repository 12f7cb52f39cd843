"""Models with arbitrary values: reading, building, writing and copying.

All models share one implementation, so the examples are spread over them, and the run
time does not grow with the number of models. ``test_each_limit_of_each_model`` tests
the limits of each model at their bounds.
"""

from __future__ import annotations

import copy
import json
import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ubiops
from ubiops._core.codec import dump_json
from ubiops.models._base import Model, Null, RequestModel, field

COMPONENTS = json.loads((Path(ubiops.__file__).parent / "emulator" / "openapi.json").read_text(encoding="utf-8"))[
    "components"
]["schemas"]
EXAMPLES = settings(max_examples=200)


class Part(RequestModel):
    """A nested model."""

    name: str = field(min_length=1)
    since: datetime | str | Null | None = field(default=None)
    class_: str | Null | None = field(default=None, key="class")


class Everything(RequestModel):
    """A model with a field of each kind."""

    text: str = field(min_length=1, max_length=5, pattern="^[a-c]*\\Z")
    whole: int | Null | None = field(default=None, minimum=0, maximum=9)
    number: float | Null | None = field(default=None, minimum=0.5)
    flag: bool | Null | None = field(default=None)
    choice: Literal["a", "b"] | Null | None = field(default=None)
    step: Literal[1, 2] | Null | None = field(default=None)
    moment: datetime | str | Null | None = field(default=None)
    day: date | str | Null | None = field(default=None)
    anything: Any | Null | None = field(default=None)
    free: Mapping[str, Any] | Null | None = field(default=None)
    labels: Mapping[str, str] | Null | None = field(default=None)
    groups: Mapping[str, Mapping[str, Any]] | Null | None = field(default=None)
    words: Sequence[str] | Null | None = field(default=None)
    objects: Sequence[Mapping[str, Any]] | Null | None = field(default=None)
    part: Part | Mapping[str, Any] | Null | None = field(default=None)
    parts: Sequence[Part | Mapping[str, Any]] | Null | None = field(default=None)
    renamed_: str | Null | None = field(default=None, key="to_dict")
    token: str | Null = field(sensitive=True)
    value: str | Null | None = field(default=None, sensitive_unless_false="flag")


MODELS: dict[str, type[Model]] = {
    **{name: getattr(ubiops, name) for name in ubiops.models.__all__},
    "Everything": Everything,
    "Part": Part,
}
SENT = sorted(name for name in ubiops.models.__all__ if issubclass(MODELS[name], RequestModel))

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
# The model with all kinds of fields is drawn as often as all others together.
ANY_MODEL = st.just("Everything") | st.sampled_from(sorted(MODELS))


@cache
def responses(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of a model's fields and others, with values of any type."""
    fields = st.sampled_from(sorted(MODELS[name].attribute_map.values()))
    return st.dictionaries(fields | TEXT, ANYTHING, max_size=8)


def valid(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that follow a schema of the description, read without the generator."""
    if "$ref" in schema:
        return objects(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return valid(schema["anyOf"][0])
    kinds = schema.get("type", "any")
    kind = next(one for one in kinds if one != "null") if isinstance(kinds, list) else kinds
    if "enum" in schema:
        return st.sampled_from([value for value in schema["enum"] if value is not None])
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True).filter(
            lambda text: len(text) <= schema.get("maxLength", 1000) and not text.endswith("\n")
        )
    if schema.get("format") == "date":
        return st.dates().map(date.isoformat)
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    if kind == "string":
        shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 30)
        return st.text(
            st.characters(exclude_categories=["Cs"]), min_size=shortest, max_size=min(longest, shortest + 30)
        )
    if kind == "array":
        return st.lists(valid(schema["items"]), max_size=3)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return st.dictionaries(TEXT, valid(schema["additionalProperties"]), max_size=3)
    simple = {
        "integer": st.integers(schema.get("minimum"), schema.get("maximum")),
        "number": st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "object": st.dictionaries(TEXT, ANYTHING, max_size=3),
        "any": ANYTHING.filter(lambda value: value is not None),
    }
    return simple[kind]


@cache
def objects(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that follow the schema of a model."""
    schema = COMPONENTS[name]
    required = schema.get("required", [])
    fields = {key: valid(rules) for key, rules in schema["properties"].items()}
    return st.fixed_dictionaries(
        {key: fields[key] for key in required},
        optional={key: strategy for key, strategy in fields.items() if key not in required},
    )


@EXAMPLES
@given(data=st.data())
def test_any_object_is_read_and_returned(data: st.DataObject) -> None:
    name = data.draw(ANY_MODEL)
    cls = MODELS[name]
    value = data.draw(responses(name))
    model = cls.from_dict(value)
    used = cls.from_dict(value)
    for attribute in cls.attribute_map:
        getattr(used, attribute)
    again = model.to_dict()
    assert again == used.to_dict()
    assert set(value) <= set(again)
    assert cls.from_dict(again) == model == used
    for copied in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied == model
    assert repr(model).startswith(name)
    assert model.to_str()
    assert len([key for key in vars(model) if key.startswith("_")]) >= len(cls.attribute_map)
    assert model.additional_properties.keys() == value.keys() - set(cls.attribute_map.values())


@EXAMPLES
@given(data=st.data())
def test_a_valid_object_is_built_and_sent_unchanged(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SENT))
    cls: Any = MODELS[name]
    value = data.draw(objects(name))
    python = {key: attribute for attribute, key in cls.attribute_map.items()}
    built = cls(**{python[key]: item for key, item in value.items()})
    assert json.loads(dump_json(built)) == value
    assert json.loads(dump_json(cls.from_dict(value))) == value
    assert cls.from_dict(json.loads(dump_json(built))) == cls.from_dict(value)
    assert json.loads(json.dumps(built.to_dict())) == {**dict.fromkeys(cls.attribute_map.values()), **value}


@EXAMPLES
@given(data=st.data())
def test_an_invalid_object_is_rejected_with_a_readable_message(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*SENT, *["Everything"] * len(SENT)]))
    cls: Any = MODELS[name]
    value = data.draw(st.dictionaries(st.sampled_from(sorted(cls.attribute_map)) | TEXT, ANYTHING, max_size=8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ubiops.UnknownFieldWarning)
        try:
            built = cls(**value)
        except (ubiops.ApiTypeError, ubiops.ApiValueError) as error:
            lines = str(error).splitlines()
            assert lines[0].startswith(name)
            assert all(line.startswith(f"  {name}.") for line in lines[1:])
        else:
            assert json.loads(dump_json(built)) is not None


def bounds(schema: dict[str, Any]) -> list[tuple[Any, bool]]:
    """Values at the bounds of a schema, each with whether it is valid."""
    found: list[tuple[Any, bool]] = []
    if "pattern" not in schema and "enum" not in schema and not schema.get("format"):
        shortest, longest = schema.get("minLength"), schema.get("maxLength")
        found += [("x" * shortest, True), ("x" * (shortest - 1), False)] if shortest else []
        found += [("x" * longest, True), ("x" * (longest + 1), False)] if longest is not None else []
    for key, step in (("minimum", -1), ("maximum", 1)):
        if key in schema:
            found += [(schema[key], True), (schema[key] + step, False)]
    for choice in schema.get("enum", ()):
        if choice is not None:
            found += [(choice, True), (f"{choice}?" if isinstance(choice, str) else choice + 1000, False)]
    return found


def test_each_limit_of_each_model() -> None:
    """The value at a bound is accepted, and the next one refused."""
    tried = 0
    for name in SENT:
        cls: Any = MODELS[name]
        python = {key: attribute for attribute, key in cls.attribute_map.items()}
        for key, schema in COMPONENTS[name]["properties"].items():
            for value, accepted in bounds(schema):
                tried += 1
                place = f"{name}.{python[key]} must "
                try:
                    cls(**{python[key]: value})
                except (ubiops.ApiTypeError, ubiops.ApiValueError) as error:
                    # Other fields may be missing.
                    assert (place in str(error)) != accepted, (name, key, value, str(error))
                else:
                    assert accepted, (name, key, value)
    assert tried >= 50


def test_the_model_with_all_kinds_of_fields_is_complete() -> None:
    from ubiops.models._checks import _COMPOUND, _SIMPLE

    assert {one.kind.name for one in Everything._by_name.values()} == {*_SIMPLE, *_COMPOUND}


@pytest.mark.parametrize("name", ["Everything", "Part"])
def test_an_empty_object_is_read(name: str) -> None:
    assert set(MODELS[name].from_dict({}).to_dict().values()) == {None}
