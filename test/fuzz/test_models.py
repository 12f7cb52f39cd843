"""Models, with whatever they are given: read, built, written, copied."""

from __future__ import annotations

import copy
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ubiops
from ubiops._core.codec import dump_json
from ubiops.models._base import Model, RequestModel

COMPONENTS = json.loads((Path(ubiops.__file__).parent / "emulator" / "openapi.json").read_text(encoding="utf-8"))[
    "components"
]["schemas"]
SENT = [name for name in ubiops.models.__all__ if issubclass(getattr(ubiops, name), RequestModel)]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)


def answers(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that have some of a model's fields and some of none, with values of any type."""
    fields = st.sampled_from(sorted(getattr(ubiops, name).attribute_map.values()))
    return st.dictionaries(fields | TEXT, ANYTHING, max_size=8)


def valid(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that follow a schema of the description, read from it here and not by the generator."""
    if "$ref" in schema:
        return objects(schema["$ref"].rsplit("/", 1)[-1])
    kind = schema.get("type")
    if "enum" in schema:
        return st.sampled_from([value for value in schema["enum"] if value is not None])
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True).filter(
            lambda text: len(text) <= schema.get("maxLength", 1000) and not text.endswith("\n")
        )
    if kind == "string":
        least, most = schema.get("minLength", 0), schema.get("maxLength", 30)
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=min(most, least + 30))
    if kind == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        return st.lists(valid(schema["items"]), max_size=3)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return st.dictionaries(TEXT, valid(schema["additionalProperties"]), max_size=3)
    assert kind == "object", schema
    return st.dictionaries(TEXT, ANYTHING, max_size=3)


def objects(name: str) -> st.SearchStrategy[dict[str, Any]]:
    schema = COMPONENTS[name]
    required = schema.get("required", [])
    fields = {field: valid(rules) for field, rules in schema["properties"].items()}
    return st.fixed_dictionaries(
        {field: fields[field] for field in required},
        optional={field: strategy for field, strategy in fields.items() if field not in required},
    )


@pytest.mark.parametrize("name", ubiops.models.__all__)
@given(data=st.data())
def test_any_object_is_read_and_given_back(name: str, data: st.DataObject) -> None:
    cls: type[Model] = getattr(ubiops, name)
    value = data.draw(answers(name))
    model = cls.from_dict(value)
    again = model.to_dict()
    assert set(value) <= set(again)
    assert cls.from_dict(again) == model
    for copied in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301
        assert copied == model
    assert repr(model).startswith(name)
    assert model.to_str()


@pytest.mark.parametrize("name", SENT)
@given(data=st.data())
def test_what_follows_the_description_is_built_and_sent_as_it_is(name: str, data: st.DataObject) -> None:
    cls: type[Any] = getattr(ubiops, name)
    value = data.draw(objects(name))
    built = cls(**value)
    assert json.loads(dump_json(built)) == value
    assert json.loads(dump_json(cls.from_dict(value))) == value
    assert cls.from_dict(json.loads(dump_json(built))) == cls.from_dict(value)
    assert json.loads(json.dumps(built.to_dict())) == {**dict.fromkeys(cls.attribute_map.values()), **value}


@pytest.mark.parametrize("name", SENT)
@given(data=st.data())
def test_what_breaks_a_rule_is_refused_in_words_and_never_otherwise(name: str, data: st.DataObject) -> None:
    cls: type[Any] = getattr(ubiops, name)
    value = data.draw(st.dictionaries(st.sampled_from(sorted(cls.attribute_map)) | TEXT, ANYTHING, max_size=8))
    try:
        built = cls(**value)
    except (ubiops.ApiTypeError, ubiops.ApiValueError) as error:
        assert str(error).startswith(name)
    else:
        assert json.loads(dump_json(built)) is not None
