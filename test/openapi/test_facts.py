"""The description agrees with what is known of the API: methods, parameters in order, models, fields, lengths."""

from __future__ import annotations

from typing import Any

import pytest


def type_of(schema: dict[str, Any] | None) -> str | None:
    """The type of a schema, in the words of the facts."""
    if schema is None:
        return None
    if "x-declared-type" in schema:
        return str(schema["x-declared-type"])
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    kind = schema["type"]
    if isinstance(kind, list):
        [kind] = [name for name in kind if name != "null"]
    if kind == "array":
        return f"list[{type_of(schema['items'])}]"
    if kind == "object":
        return "dict(str, str)" if schema["additionalProperties"] == {"type": "string"} else "object"
    if kind == "string":
        return {"date-time": "datetime", "binary": "file"}.get(schema.get("format", ""), "str")
    return {"integer": "int", "number": "float", "boolean": "bool"}[kind]


def test_there_are_exactly_these_operations(all_operations: dict[str, Any], known: dict[str, Any]) -> None:
    assert sorted(all_operations) == sorted(known["methods"])
    assert len(all_operations) == 30


def test_there_are_exactly_these_models(document: dict[str, Any], known: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert sorted(name for name in schemas if not schemas[name].get("x-internal")) == sorted(known["models"])


def test_default_host(document: dict[str, Any], known: dict[str, Any]) -> None:
    assert document["servers"][0]["url"] == known["default_host"]


def test_method_and_path(operation: Any, known: dict[str, Any]) -> None:
    fact = known["methods"][operation.id]
    assert (operation.method.upper(), operation.path) == (fact["http"], fact["path"])


def test_positional_arguments_in_order(operation: Any, known: dict[str, Any]) -> None:
    """Path parameters first, then the JSON body, which is the argument `data`."""
    found = [(p["name"], type_of(p["schema"])) for p in operation.parameters if p["in"] == "path"]
    if operation.request and operation.request[0] == "application/json":
        found.append(("data", type_of(operation.request[1]["schema"])))
        assert operation.item["requestBody"]["required"] is True
    assert found == list(known["methods"][operation.id]["positional"].items())


def test_query_parameters(operation: Any, known: dict[str, Any]) -> None:
    fact = known["methods"][operation.id]
    found = [parameter for parameter in operation.parameters if parameter["in"] == "query"]
    assert [parameter["name"] for parameter in found] == fact["query"]
    for parameter in found:
        assert type_of(parameter["schema"]) == fact["optional"][parameter["name"]]
        assert parameter["required"] is False


def test_parts_of_a_multipart_body(operation: Any, known: dict[str, Any]) -> None:
    fact = known["methods"][operation.id]
    if operation.request is None or operation.request[0] != "multipart/form-data":
        assert fact["form"] == fact["files"] == []
        return
    properties = operation.request[1]["schema"]["properties"]
    types = {name: type_of(schema) for name, schema in properties.items()}
    assert [name for name in types if types[name] != "file"] == fact["form"]
    assert [name for name in types if types[name] == "file"] == fact["files"]
    assert types == {name: fact["optional"][name] for name in types}


def test_return_type(operation: Any, known: dict[str, Any]) -> None:
    _, answer = operation.success
    content = answer.get("content")
    schema = next(iter(content.values()))["schema"] if content else None
    assert type_of(schema) == known["methods"][operation.id]["returns"]


def test_status_of_success(operation: Any) -> None:
    status, answer = operation.success
    creates = operation.method == "post" and not operation.id.endswith("_copy")
    assert status == ("201" if creates else "204" if operation.method == "delete" else "200")
    assert ("content" in answer) == (status != "204")


def test_fields_of_model(model_name: str, document: dict[str, Any], known: dict[str, Any]) -> None:
    """Names in order, types, what is required, and lengths: all that is known, and no length that is not."""
    schema = document["components"]["schemas"][model_name]
    found: dict[str, dict[str, Any]] = {}
    for name, field in schema["properties"].items():
        found[name] = {"type": type_of(field)}
        if name in schema.get("required", []):
            found[name]["required"] = True
        for keyword, fact in (("minLength", "min_length"), ("maxLength", "max_length")):
            if keyword in field:
                found[name][fact] = field[keyword]
    assert found == known["models"][model_name]
    assert list(found) == list(known["models"][model_name])


def test_only_widgets_declare_another_type_than_they_hold(document: dict[str, Any]) -> None:
    """They are declared as maps of text, but a slider's `min` is a number, and a dropdown's choices are a list."""
    declared = {
        (model, name): field["additionalProperties"]
        for model, schema in document["components"]["schemas"].items()
        for name, field in schema["properties"].items()
        if "x-declared-type" in field
    }
    assert declared == {
        ("InputFieldWidgetCreate", "configuration"): True,
        ("InputOutputWidgetList", "configuration"): True,
        ("OutputFieldWidgetCreate", "configuration"): True,
    }


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ("DeploymentDetail", "DeploymentCreateResponse"),
        ("DeploymentDetail", "DeploymentList"),
        ("DeploymentVersionDetail", "DeploymentVersionList"),
        ("InputOutputFieldDetail", "InputOutputFieldList"),
    ],
)
def test_models_of_one_thing_say_the_same_of_a_field(document: dict[str, Any], whole: str, part: str) -> None:
    schemas = document["components"]["schemas"]
    for name, field in schemas[part]["properties"].items():
        if not (part == "DeploymentList" and name in ("input_fields", "output_fields")):
            assert field == schemas[whole]["properties"][name], name
