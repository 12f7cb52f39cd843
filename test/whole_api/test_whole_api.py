"""The generator takes the whole API, and the generated client agrees with the facts.

The description is made from the facts (`described_facts.py`), so this tests the
generator and the runtime, not `openapi/`. It runs once, on one interpreter.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import fact_views

# No model of blobs is known.
UNKNOWN = ("BlobList", "list[BlobList]")


def declared(type_: str | None) -> str | None:
    """Returns a type of an operation in the words of the facts."""
    if type_ is None:
        return None
    first = type_.split(" | ", 1)[0]
    return {"any": "object", "list[any]": "list[object]"}.get(first, first)


def test_every_operation_is_a_method(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    assert sorted(inspected["methods"]) == sorted(facts["methods"])


def test_methods_take_what_the_facts_say(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    """Positional arguments in order, keywords, and where each of them goes."""
    for name, seen in inspected["methods"].items():
        fact = facts["methods"][name]
        view = fact_views.fact_operation(fact)
        assert seen["positional"] == view["positional"], name
        assert sorted(seen["keywords"]) == view["keywords"], name
        assert (seen["http"], seen["path"]) == (fact["http"], fact["path"]), name
        assert seen["parameters"] == seen["arguments"] == fact["path_params"], name
        assert seen["query"] == seen["given"].get("query", []) == view["query"], name
        assert seen["form"] == seen["given"].get("form", []) == view["form"], name
        assert seen["files"] == seen["given"].get("files", []) == view["files"], name
        assert seen["headers"] == list(fact.get("headers", {})), name
        assert seen["authorized"] == view["authorized"], name
        assert seen["twin"], name


def test_bodies_and_responses_have_the_types_of_the_facts(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    for name, seen in inspected["methods"].items():
        view = fact_views.fact_operation(facts["methods"][name])
        data = view["parameters"].get("data")
        assert declared(seen["body"]) == (data["type"] if data else None), name
        assert seen["given"].get("body") == ("data" if data else None), name
        assert seen["text_body"] == view["text_body"], name
        returns = "object" if view["returns"] in UNKNOWN else view["returns"]
        assert declared(seen["returns"]) == returns, name


def test_options_have_the_types_of_the_facts(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    for name, seen in inspected["methods"].items():
        parameters = facts["methods"][name]["parameters"]
        headers = facts["methods"][name].get("headers", {})
        for option, type_ in seen["types"].items():
            fact = parameters[headers.get(option, option)]
            expected = "list[str]" if "items_enum" in fact else fact["type"]
            if expected == "str" and fact["in"] == "query" and fact.get("format") in ("date", "date-time"):
                expected = {"date": "date", "date-time": "datetime"}[fact["format"]]
            assert type_ == expected, (name, option)


def test_models_have_the_fields_of_the_facts(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    assert inspected["names"] == sorted(inspected["models"])
    assert len(inspected["names"]) >= 190
    for name, seen in inspected["models"].items():
        assert seen["types"] == {field: fact["type"] for field, fact in facts["models"][name].items()}, name


def test_models_give_back_what_they_read(inspected: dict[str, Any], examples: dict[str, Any]) -> None:
    for name, example in examples.items():
        assert inspected["models"][name]["written"] == example, name


def test_secrets_are_redacted(inspected: dict[str, Any], examples: dict[str, Any], facts: dict[str, Any]) -> None:
    secret = [(m, f) for m, fields in facts["models"].items() for f, fact in fields.items() if fact.get("sensitive")]
    assert len(secret) >= 6
    for model, field in secret:
        shown = inspected["models"][model]["repr"]
        assert f"{field}=" in shown, model
        assert f"{field}={examples[model][field]!r}" not in shown, model


def test_stubs_name_every_method_with_its_return_type(client: Path, facts: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for path in (client / "ubiops" / "api").glob("*.pyi"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                found.setdefault(node.name, set()).add(ast.unparse(node.returns))
    for name, fact in facts["methods"].items():
        if fact["answer"]["kind"] in ("model", "list") and fact["returns"] not in UNKNOWN:
            # The area Status imports the model of the same name as StatusModel.
            assert fact["returns"] in {returned.replace("StatusModel", "Status") for returned in found[name]}, name
        assert f"{name}_with_http_info" in found, name


def test_generated_code_passes_the_linter(client: Path) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "ubiops/api", "ubiops/models"]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
