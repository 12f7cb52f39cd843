"""Reads `openapi/` for the tests of this folder, on its own: what the generator makes of it is tested elsewhere."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "openapi"
ROOT = SOURCE / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Operation(NamedTuple):
    """One operation of the description, as it stands in the bundled document."""

    method: str
    path: str
    item: dict[str, Any]
    document: dict[str, Any]

    @property
    def id(self) -> str:
        name: str = self.item["operationId"]
        return name

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [resolve(self.document, parameter) for parameter in self.item.get("parameters", [])]

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        return {status: resolve(self.document, answer) for status, answer in self.item["responses"].items()}

    @property
    def success(self) -> tuple[str, dict[str, Any]]:
        """The one status below 400, and its answer."""
        [found] = [(status, answer) for status, answer in self.responses.items() if status.startswith("2")]
        return found

    @property
    def request(self) -> tuple[str, dict[str, Any]] | None:
        """The media type of the body that is sent, and what is said of it."""
        if "requestBody" not in self.item:
            return None
        [found] = self.item["requestBody"]["content"].items()
        return str(found[0]), found[1]


class Example(NamedTuple):
    """One example, the place where it stands, and the schema that it must meet."""

    pointer: str
    schema: dict[str, Any]
    value: Any


@functools.cache
def read(path: Path) -> dict[str, Any]:
    """One file of the description."""
    with path.open(encoding="utf-8") as file:
        content: dict[str, Any] = yaml.safe_load(file)
    return content


def lookup(document: Any, pointer: str) -> Any:
    """What a JSON pointer leads to."""
    for part in pointer.strip("/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


@functools.cache
def load() -> dict[str, Any]:
    """The whole description as one document."""
    root = read(ROOT)
    common = root["x-common-responses"]
    document: dict[str, Any] = {key: value for key, value in root.items() if key != "x-common-responses"}
    document["paths"] = {}
    for file in sorted(SOURCE.glob("paths/*.yaml")):
        for path, item in read(file).items():
            document["paths"][path] = {
                method: {
                    **operation,
                    "tags": [file.stem],
                    "responses": {
                        **operation["responses"],
                        **{status: value for status, value in common.items() if status != "404" or "{" in path},
                    },
                }
                for method, operation in item.items()
            }
    for section in ("schemas", "parameters", "responses"):
        files = [SOURCE / f"{section}.yaml", *sorted(SOURCE.glob(f"{section}/*.yaml"))]
        document["components"] = {
            **document["components"],
            section: {name: item for file in files if file.is_file() for name, item in read(file).items()},
        }
    return document


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node, or the shared component that it refers to."""
    found: dict[str, Any] = lookup(document, node["$ref"].lstrip("#")) if "$ref" in node else node
    return found


def operations() -> list[Operation]:
    document = load()
    return [
        Operation(method, path, item[method], document)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def examples(node: Any, pointer: str = "") -> Iterator[Example]:
    """All examples below a node, of bodies, parameters and headers."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from examples(item, f"{pointer}/{number}")
    elif isinstance(node, dict):
        if isinstance(node.get("schema"), dict):
            if "example" in node:
                yield Example(f"{pointer}/example", node["schema"], node["example"])
            for name, example in node.get("examples", {}).items():
                yield Example(f"{pointer}/examples/{name}", node["schema"], example["value"])
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from examples(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")


def facts() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((HERE / "facts.json").read_text(encoding="utf-8"))
    return content


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for an `operation`, a `model_name` or an `example` runs once for each."""
    if "operation" in metafunc.fixturenames:
        metafunc.parametrize("operation", [pytest.param(item, id=item.id) for item in operations()])
    if "model_name" in metafunc.fixturenames:
        metafunc.parametrize("model_name", list(facts()["models"]))
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", [pytest.param(item, id=item.pointer) for item in examples(load())])


@pytest.fixture(scope="session")
def source() -> Path:
    """The folder of the description."""
    return SOURCE


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The whole description, with references within the document only."""
    return load()


@pytest.fixture(scope="session")
def known() -> dict[str, Any]:
    """What is known of the API: methods, parameters, models, fields, lengths."""
    return facts()


@pytest.fixture(scope="session")
def all_operations() -> dict[str, Operation]:
    return {operation.id: operation for operation in operations()}
