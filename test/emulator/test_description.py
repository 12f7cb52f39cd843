"""Defaults, order of fields, limits and routes come from the API's description."""

from __future__ import annotations

from typing import Any

import pytest

from ubiops.emulator.app import _routes
from ubiops.emulator.core.description import compile_selection, defaults, load_description, properties
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.handlers import EXTRA_ROUTES, HANDLERS, handler
from ubiops.emulator.core.paths import PathTemplate
from ubiops.emulator.core.validation import check_texts, compile_validator

MODEL = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
FREE = {"type": "object", "additionalProperties": True}


@pytest.mark.parametrize(
    ("schema", "value", "selected"),
    [
        (MODEL, {"c": 0, "b": 1, "a": "x"}, {"a": "x", "b": 1}),
        (MODEL, {"b": 1}, {"b": 1}),
        (MODEL, None, None),
        ({"type": "array", "items": MODEL}, [{"b": 1, "a": "x"}, None], [{"a": "x", "b": 1}, None]),
        ({"type": "object", "additionalProperties": MODEL}, {"k": {"c": 1, "a": "x"}}, {"k": {"a": "x"}}),
        ({"anyOf": [MODEL, {"type": "null"}]}, {"c": 1, "a": "x"}, {"a": "x"}),
        ({"anyOf": [MODEL, {"type": "null"}]}, None, None),
        ({"oneOf": [MODEL, {"type": "array", "items": MODEL}]}, [{"c": 1, "a": "x"}], [{"a": "x"}]),
        ({"properties": {"m": MODEL, "f": FREE}}, {"f": {"z": 1}, "m": {"c": 1}}, {"m": {}, "f": {"z": 1}}),
    ],
)
def test_a_selection_keeps_described_fields_in_the_described_order(schema: Any, value: Any, selected: Any) -> None:
    select = compile_selection(schema)
    assert select is not None
    result = select(value)
    assert result == selected
    assert str(result) == str(selected)


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"x-any": True},
        FREE,
        {"type": "array", "items": FREE},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    ],
)
def test_a_schema_without_properties_selects_nothing(schema: Any) -> None:
    assert compile_selection(schema) is None


def test_defaults_are_those_of_the_model_and_new_each_time() -> None:
    first = defaults("DeploymentVersionCreate")
    assert first["maximum_idle_time"] == properties("DeploymentVersionCreate")["maximum_idle_time"]["default"]
    first["labels"]["a"] = "b"
    assert defaults("DeploymentVersionCreate")["labels"] == {}


def test_a_pattern_must_match_up_to_the_very_end() -> None:
    check_texts("EnvironmentVariableCreate", {"name": "A"})
    with pytest.raises(ApiError, match="name must be letters"):
        check_texts("EnvironmentVariableCreate", {"name": "A\n"})


PARAMETERS = [
    {"in": "query", "name": "number", "schema": {"type": "integer", "default": 5}},
    {"in": "query", "name": "flag", "schema": {"type": "boolean"}},
    {"in": "query", "name": "kinds", "schema": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}}},
    {"in": "query", "name": "any", "schema": {"x-any": True}},
    {"in": "header", "name": "X-Other", "schema": {"type": "string"}},
]


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({}, {"number": 5}),
        ({"number": "-7", "flag": "true"}, {"number": -7, "flag": True}),
        ({"flag": "false", "kinds": "x,y"}, {"number": 5, "flag": False, "kinds": ["x", "y"]}),
        ({"kinds": "", "any": "1"}, {"number": 5, "kinds": [], "any": "1"}),
    ],
)
def test_query_parameters_have_their_types_and_defaults(given: dict[str, str], values: dict[str, Any]) -> None:
    assert compile_validator({"parameters": PARAMETERS}).read_query(given) == values


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"number": "x"}, 'number must be an integer, not "x"'),
        ({"flag": "yes"}, "flag must be true or false, not a string"),
        ({"kinds": "x,z"}, 'kinds[1] must be one of x, y, not "z"'),
    ],
)
def test_invalid_query_parameters_are_rejected(given: dict[str, str], reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        compile_validator({"parameters": PARAMETERS}).read_query(given)
    assert caught.value.message == reason


@pytest.mark.parametrize(
    ("literal", "parameter"),
    [
        ("/requests/batch", "/requests/{request_id}"),
        ("/a/b/{c}", "/a/{b}/c"),
        ("/a/b", "/{a}/b"),
    ],
)
def test_literal_segments_come_before_parameters(literal: str, parameter: str) -> None:
    assert PathTemplate(literal).specificity < PathTemplate(parameter).specificity


def test_a_path_is_matched_below_each_prefix_before_it_is_decoded() -> None:
    template = PathTemplate("/projects/{project_name}/a.b")
    assert template.match(b"/v2.1/projects/x%2Fy/a.b") == {"project_name": b"x%2Fy"}
    assert template.match(b"/v2/projects/x/a.b") == {"project_name": b"x"}
    for path in (b"/v2.1/projects/x/y/a.b", b"/v2.1/projects/x/a-b", b"/projects/x/a.b", b"/v2.1/projects//a.b"):
        assert template.match(path) is None


def test_routes_are_sorted_by_specificity(api: Any) -> None:
    found = [route.specificity for route in _routes(api.emulator._backend)]
    extra = {(route.path, route.prefixed) for route in EXTRA_ROUTES}
    assert len(found) == len(load_description()["paths"]) + len(extra)
    assert found == sorted(found)


def test_an_operation_has_one_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ubiops.emulator.core.handlers.HANDLERS", {**HANDLERS})
    with pytest.raises(ValueError, match="the operation deployments_get has two handlers"):
        handler("deployments_get")(lambda context: None)


FORMS = {"oneOf": [MODEL, {"type": "array", "items": {**MODEL, "required": ["a"]}}]}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (FORMS, 5, "the body must be an object or a list, not a number"),
        (FORMS, {"a": 5}, "a must be a string, not a number"),
        (FORMS, [{"a": "x"}, {"b": 1}], "[1].a is required"),
        (FORMS, [5], "[0] must be an object, not a number"),
        ({"properties": {"m": {"anyOf": [MODEL, {"type": "null"}]}}}, {"m": "x"}, "m must be an object or null"),
        ({"properties": {"m": {"anyOf": [MODEL, {"type": "null"}]}}}, {"m": {"b": "x"}}, "m.b must be an integer"),
    ],
)
def test_an_error_in_a_value_of_several_forms_is_that_of_the_form_it_has(schema: Any, value: Any, message: str) -> None:
    body = {"content": {"application/json": {"schema": schema}}}
    with pytest.raises(ApiError) as caught:
        compile_validator({"requestBody": body}).read_body(value)
    assert message in caught.value.message
