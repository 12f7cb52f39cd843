"""The description, as the generator loads it, and the facts that it is held to."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from described_facts import read_facts

from generator.load import load

ROOT = Path(__file__).resolve().parents[2] / "openapi" / "openapi.yaml"
DOCUMENT: dict[str, Any] = load(ROOT).content


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Returns the node, or the component that it refers to."""
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].split("/")[1:]:
            target = target[part]
        node = target
    return node


class Described(NamedTuple):
    """One operation, with references to parameters and responses followed."""

    method: str
    path: str
    item: dict[str, Any]

    @property
    def id(self) -> str:
        name: str = self.item["operationId"]
        return name

    @property
    def is_extra(self) -> bool:
        """Whether the official clients have no method for it, and so no facts exist."""
        return bool(self.item.get("x-extra"))

    @property
    def success(self) -> tuple[str, dict[str, Any]]:
        """The only status below 400, and its response."""
        [found] = [(status, one) for status, one in self.item["responses"].items() if status < "400"]
        return found

    @property
    def media(self) -> list[dict[str, Any]]:
        """The contents of the request and of the successful response."""
        contents = [self.item.get("requestBody", {}), self.success[1]]
        return [media for content in contents for media in content.get("content", {}).values()]


def described_operations() -> list[Described]:
    """Returns all operations of the description."""
    found = []
    for path, methods in DOCUMENT["paths"].items():
        for method, item in methods.items():
            parameters = [resolve(parameter) for parameter in item.get("parameters", [])]
            responses = {status: resolve(response) for status, response in item["responses"].items()}
            found.append(Described(method, path, {**item, "parameters": parameters, "responses": responses}))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the argument `operation`, `official_operation` or `model_name` runs
    once for each."""
    if "operation" in metafunc.fixturenames:
        metafunc.parametrize("operation", [pytest.param(one, id=one.id) for one in described_operations()])
    if "official_operation" in metafunc.fixturenames:
        official = [one for one in described_operations() if not one.is_extra]
        metafunc.parametrize("official_operation", [pytest.param(one, id=one.id) for one in official])
    if "model_name" in metafunc.fixturenames:
        schemas = DOCUMENT["components"]["schemas"]
        metafunc.parametrize("model_name", [name for name in schemas if not schemas[name].get("x-internal")])


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The whole description, with references within the document only."""
    return DOCUMENT


@pytest.fixture(scope="session")
def schemas() -> dict[str, Any]:
    """The schemas of the models, by name."""
    found: dict[str, Any] = DOCUMENT["components"]["schemas"]
    return found


@pytest.fixture(scope="session")
def all_operations() -> dict[str, Described]:
    """The operations, by id."""
    return {operation.id: operation for operation in described_operations()}


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """Facts of the whole API: methods, parameters, models, fields, limits."""
    return read_facts()
