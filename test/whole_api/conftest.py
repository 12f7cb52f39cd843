"""A client of the whole API, generated from the description made from the facts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from described_facts import describe, read_facts, write

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


def run(command: list[str], folder: Path, path: Path) -> str:
    """Runs a command with `path` on Python's path, and returns what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    return read_facts()


@pytest.fixture(scope="session")
def description(facts: dict[str, Any]) -> dict[str, Any]:
    """The files of the description.

    They include the area `blobs`, which is not part of the API any more, because it
    needs header parameters and required files.
    """
    return describe(facts, list(facts["areas"]))


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory, description: dict[str, Any]) -> Path:
    """The folder of a package `ubiops` with the whole API, and of its docs."""
    folder = tmp_path_factory.mktemp("whole-api")
    shutil.copytree(REPOSITORY / "ubiops", folder / "ubiops", ignore=shutil.ignore_patterns("__pycache__"))
    root = write(description, tmp_path_factory.mktemp("description") / "openapi")
    command = [sys.executable, "-m", "generator", "--description", str(root), "--output", str(folder)]
    run(command, REPOSITORY, REPOSITORY)
    # The settings of the linters.
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="session")
def examples(description: dict[str, Any]) -> dict[str, Any]:
    """An example of each model."""
    return model_examples(description)


@pytest.fixture(scope="session")
def inspected(client: Path, examples: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `inspect_client.py` finds out about the generated client."""
    path = tmp_path_factory.mktemp("examples") / "examples.json"
    path.write_text(json.dumps(examples), encoding="utf-8")
    seen: dict[str, Any] = json.loads(run([sys.executable, str(HERE / "inspect_client.py"), str(path)], client, client))
    return seen


def model_examples(description: dict[str, Any]) -> dict[str, Any]:
    """Returns an example of each model, taken from those of the operations."""
    schemas = {
        name: schema for key, one in description.items() if key.startswith("schemas/") for name, schema in one.items()
    }
    found: dict[str, Any] = {}

    def collect(schema: dict[str, Any], value: Any) -> None:
        for choice in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
            if "$ref" in choice and isinstance(value, dict):
                collect(choice, value)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            found.setdefault(name, value)
            for field, inner in schemas[name]["properties"].items():
                collect(inner, value[field])
        elif isinstance(value, list) and "items" in schema:
            for item in value:
                collect(schema["items"], item)

    for key, paths in description.items():
        for item in paths.values() if key.startswith("paths/") else ():
            for operation in item.values():
                for content in (operation.get("requestBody", {}), *operation["responses"].values()):
                    for media in content.get("content", {}).values():
                        for example in media["examples"].values():
                            collect(media["schema"], example["value"])
    return found
