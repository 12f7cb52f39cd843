"""The description that is made from the facts agrees with all of them."""

from __future__ import annotations

import copy
from typing import Any

import fact_views
import pytest
from described_facts import describe

# The area `blobs` has no model of its responses.
AREAS = 18


@pytest.fixture(scope="module")
def files(facts: dict[str, Any]) -> dict[str, Any]:
    return describe(facts)


def test_every_area_is_described(files: dict[str, Any], facts: dict[str, Any]) -> None:
    paths = [content for name, content in files.items() if name.startswith("paths/")]
    assert len(paths) == AREAS
    assert sum(len(methods) for content in paths for methods in content.values()) == len(facts["methods"]) - 5


def test_operations_agree_with_the_facts(files: dict[str, Any], facts: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    for name, content in files.items():
        for path, methods in content.items() if name.startswith("paths/") else ():
            for method, item in methods.items():
                view = fact_views.operation_view(method, path, item)
                known = fact_views.fact_operation(facts["methods"][item["operationId"]])
                found |= fact_views.differences(item["operationId"], view, known)
    assert found == {}


def test_models_agree_with_the_facts(files: dict[str, Any], facts: dict[str, Any]) -> None:
    models = {
        model: schema for name, one in files.items() if name.startswith("schemas/") for model, schema in one.items()
    }
    assert len(models) > 180
    del models["Error"]
    found: dict[str, Any] = {}
    for name, schema in models.items():
        known = fact_views.fact_model(facts["models"][name])
        found |= fact_views.differences(name, fact_views.model_view(schema), known)
    assert found == {}


@pytest.mark.parametrize(
    ("model", "field", "keyword", "value", "attribute"),
    [
        ("WebhookCreate", "name", "maxLength", 65, "name.max_length"),
        ("WebhookCreate", "timeout", "maximum", 31, "timeout.maximum"),
        ("WebhookCreate", "timeout", "default", 11, "timeout.default"),
        ("WebhookCreate", "timeout", "type", "number", "timeout.type"),
        ("WebhookCreate", "version", "type", "string", "version.nullable"),
        ("WebhookCreate", "object_type", "enum", ["deployment"], "object_type.enum"),
        ("BucketCreate", "credentials", "x-sensitive", False, "credentials.sensitive"),
        ("ScheduleCreate", "request_data", "x-any", False, "request_data.type"),
    ],
)
def test_a_slip_in_a_field_is_noticed(
    schemas_of_facts: dict[str, Any],
    facts: dict[str, Any],
    model: str,
    field: str,
    keyword: str,
    value: Any,
    attribute: str,
) -> None:
    schema = copy.deepcopy(schemas_of_facts[model])
    schema["properties"][field][keyword] = value
    schema["properties"][field].setdefault("type", "string")
    found = fact_views.differences(model, fact_views.model_view(schema), fact_views.fact_model(facts["models"][model]))
    assert f"{model}.{attribute}" in found


@pytest.fixture(scope="module")
def schemas_of_facts(files: dict[str, Any]) -> dict[str, Any]:
    return {
        model: schema for name, one in files.items() if name.startswith("schemas/") for model, schema in one.items()
    }


def test_a_missing_field_and_an_optional_one_are_noticed(
    schemas_of_facts: dict[str, Any], facts: dict[str, Any]
) -> None:
    schema = copy.deepcopy(schemas_of_facts["WebhookCreate"])
    del schema["properties"]["labels"]
    schema["required"].remove("url")
    known = fact_views.fact_model(facts["models"]["WebhookCreate"])
    found = fact_views.differences("WebhookCreate", fact_views.model_view(schema), known)
    assert sorted(found) == ["WebhookCreate.labels", "WebhookCreate.url.required"]


def test_a_slip_in_an_operation_is_noticed(files: dict[str, Any], facts: dict[str, Any]) -> None:
    path = "/projects/{project_name}/deployments/{deployment_name}/requests"
    item = copy.deepcopy(files["paths/deployment_requests.yaml"][path]["get"])
    first, second, *rest = item["parameters"]
    item["parameters"] = [second, first, *rest[1:]]
    known = fact_views.fact_operation(facts["methods"]["deployment_requests_list"])
    found = fact_views.differences("deployment_requests_list", fact_views.operation_view("get", path, item), known)
    assert {key.partition(".")[2] for key in found} == {"positional", "keywords", "query", "parameters.status"}
