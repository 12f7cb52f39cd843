"""The description agrees with the facts, which were gathered from other sources.

Every operation and model of the description is compared, attribute by attribute: names,
order, types, what is required, limits, choices, defaults, null. Adding an operation
needs no change here. Deliberate differences are listed in `differences.yaml`, each with
its reason.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fact_views
import pytest
import yaml
from described_facts import FACTS

ORIGINAL = "e8642ea74fd97e7e4eb7a72e240f98c6e9e7246962cfceb6a9c8a2157ab6b6d0"


class Deliberate:
    """The deliberate differences, and which of them occurred."""

    def __init__(self, path: Path) -> None:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert all(entry["why"] for entry in content["differences"])
        self.patterns = [pattern for entry in content["differences"] for pattern in entry["at"]]
        self.used: set[str] = set()

    def unexpected(self, name: str, view: Any, known: Any) -> dict[str, Any]:
        """Returns the differences between description and facts that are not listed.

        Args:
            name: The operation or model.
            view: What the description says.
            known: What the facts say.
        """
        found = fact_views.differences(name, view, known)
        left = {}
        for place, values in found.items():
            matching = [pattern for pattern in self.patterns if fnmatch.fnmatchcase(place, pattern)]
            self.used.update(matching)
            if not matching:
                left[place] = values
        return left


@pytest.fixture(scope="session")
def deliberate() -> Deliberate:
    return Deliberate(Path(__file__).with_name("differences.yaml"))


def operation_differences(operation: Any, facts: dict[str, Any], deliberate: Deliberate) -> dict[str, Any]:
    fact = facts["methods"][operation.id]
    view = fact_views.operation_view(operation.method, operation.path, operation.item)
    return deliberate.unexpected(operation.id, view, fact_views.fact_operation(fact))


def model_differences(name: str, schema: Any, facts: dict[str, Any], deliberate: Deliberate) -> dict[str, Any]:
    fact = facts["models"][name]
    return deliberate.unexpected(name, fact_views.model_view(schema), fact_views.fact_model(fact))


def test_the_facts_are_the_original() -> None:
    """They are evidence. Fix the description, or list a deliberate difference."""
    assert hashlib.sha256(FACTS.read_bytes()).hexdigest() == ORIGINAL


def test_operation_agrees_with_the_facts(
    official_operation: Any, facts: dict[str, Any], deliberate: Deliberate
) -> None:
    assert official_operation.id in facts["methods"]
    assert operation_differences(official_operation, facts, deliberate) == {}


def test_other_operations_are_listed_in_the_facts(all_operations: dict[str, Any], facts: dict[str, Any]) -> None:
    extra = [one for one in all_operations.values() if one.is_extra]
    assert {one.id for one in extra}.isdisjoint(facts["methods"])
    known = " ".join(f"{one['http']} {one['path']}" for one in facts["unlisted_endpoints"])
    assert [one.path for one in extra if one.path not in known] == []


def test_model_agrees_with_the_facts(
    model_name: str, schemas: dict[str, Any], facts: dict[str, Any], deliberate: Deliberate
) -> None:
    assert model_name in facts["models"]
    assert model_differences(model_name, schemas[model_name], facts, deliberate) == {}


def test_every_listed_difference_occurs(
    all_operations: dict[str, Any], schemas: dict[str, Any], facts: dict[str, Any], deliberate: Deliberate
) -> None:
    for operation in all_operations.values():
        if not operation.is_extra:
            operation_differences(operation, facts, deliberate)
    for name, schema in schemas.items():
        if not schema.get("x-internal"):
            model_differences(name, schema, facts, deliberate)
    assert set(deliberate.patterns) - deliberate.used == set()


def test_operation_stands_in_its_area(official_operation: Any, facts: dict[str, Any]) -> None:
    assert official_operation.item["tags"] == [facts["methods"][official_operation.id]["area"]]


def test_fields_have_the_order_of_a_generation(model_name: str, schemas: dict[str, Any], facts: dict[str, Any]) -> None:
    """Official models take positional arguments and print fields in this order."""
    fields = list(schemas[model_name]["properties"])
    orders = facts["model_info"][model_name]["order"].values()
    assert any(
        [name for name in fields if name in order] == [name for name in order if name in fields] for order in orders
    )


def test_request_models_have_no_field_that_only_the_server_sets(
    all_operations: dict[str, Any], schemas: dict[str, Any], facts: dict[str, Any]
) -> None:
    sent = {name for operation in all_operations.values() for name in references(operation.item.get("requestBody"))}
    waiting = list(sent)
    while waiting:
        inner = set(references(schemas[waiting.pop()])) - sent
        sent |= inner
        waiting += inner
    assert sent
    for name in sent:
        read_only = [field for field, fact in facts["models"][name].items() if fact.get("read_only")]
        assert not set(read_only) & set(schemas[name]["properties"]), name


def references(node: Any) -> Iterator[str]:
    """Yields the names of the models that a part of the description refers to."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        node = list(node.values())
    for item in node if isinstance(node, list) else ():
        yield from references(item)


def test_default_host_and_authorization(document: dict[str, Any], facts: dict[str, Any]) -> None:
    assert [server["url"] for server in document["servers"]] == [facts["default_host"]["4.8.0"]]
    [requirement] = document["security"]
    scheme = document["components"]["securitySchemes"][next(iter(requirement))]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", facts["auth"]["header"])


# POST requests that create nothing that stays: their results are all there is.
PASSING = ("_batch_cancel", "_batch_delete", "_batch_get", "_copy", "_evaluate", "_stream")


def test_status_of_success(operation: Any) -> None:
    """A convention of ours: no status is documented, and clients accept any."""
    status, response = operation.success
    direct = operation.id.endswith("_requests_create") and not operation.id.startswith("batch_")
    creates = operation.method == "post" and not operation.id.endswith(PASSING) and not direct
    assert status == ("204" if "content" not in response else "201" if creates else "200")
