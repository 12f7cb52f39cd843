"""The client agrees with the facts of the whole API, as far as they can be seen from
outside.

The description is compared with the facts in `test/openapi`; this tests what is made of
it. It runs once, on one interpreter.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import fact_views

import ubiops

REPOSITORY = Path(__file__).resolve().parents[2]


def declared(type_: str | None) -> str | None:
    """Returns a type of an operation in the words of the facts."""
    if type_ is None:
        return None
    first = type_.split(" | ", 1)[0]
    return {"any": "object", "list[any]": "list[object]"}.get(first, first)


def known(inspected: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Returns the methods that the official clients have as well."""
    return {name: seen for name, seen in inspected["methods"].items() if name in facts["methods"]}


def test_every_operation_is_a_method(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    others = set(inspected["methods"]) - set(facts["methods"])
    assert set(facts["methods"]) <= set(inspected["methods"])
    assert all(name.endswith("_requests_stream") for name in others), others


def test_methods_take_what_the_facts_say(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    """Positional arguments in order, keywords, and where each of them goes."""
    for name, seen in known(inspected, facts).items():
        fact = facts["methods"][name]
        view = fact_views.fact_operation(fact)
        count = len(view["positional"])
        assert seen["positional"][:count] == view["positional"], name
        # An option of the newest generation that an older one took by position.
        assert sorted([*seen["positional"][count:], *seen["keywords"]]) == view["keywords"], name
        assert (seen["http"], seen["path"]) == (fact["http"], fact["path"]), name
        assert seen["parameters"] == seen["arguments"] == fact["path_params"], name
        assert seen["query"] == seen["given"].get("query", []) == view["query"], name
        assert seen["form"] == seen["given"].get("form", []) == view["form"], name
        assert seen["files"] == seen["given"].get("files", []) == view["files"], name
        assert seen["headers"] == list(fact.get("headers", {})), name
        assert seen["authorized"] == view["authorized"], name
        assert seen["twin"], name


def test_bodies_and_responses_have_the_types_of_the_facts(inspected: dict[str, Any], facts: dict[str, Any]) -> None:
    for name, seen in known(inspected, facts).items():
        view = fact_views.fact_operation(facts["methods"][name])
        data = view["parameters"].get("data")
        assert declared(seen["body"]) == (data["type"] if data else None), name
        assert seen["given"].get("body") == ("data" if data else None), name
        assert seen["text_body"] == view["text_body"], name
        assert declared(seen["returns"]) == view["returns"], name


def test_stubs_name_every_method_with_its_return_type(facts: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for path in (REPOSITORY / "ubiops" / "api").glob("*.pyi"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                found.setdefault(node.name, set()).add(ast.unparse(node.returns))
    for name, fact in facts["methods"].items():
        if fact["answer"]["kind"] in ("model", "list"):
            # The area Status imports the model of the same name as StatusModel.
            assert fact["returns"] in {returned.replace("StatusModel", "Status") for returned in found[name]}, name
        assert f"{name}_with_http_info" in found, name


def test_models_have_the_fields_of_the_facts(facts: dict[str, Any]) -> None:
    models = {name: fields for name, fields in facts["models"].items() if hasattr(ubiops, name)}
    assert len(models) >= 190
    for name, fields in models.items():
        model = getattr(ubiops, name)
        types = {model.attribute_map[field]: type_ for field, type_ in model.openapi_types.items()}
        assert {field: fact["type"] for field, fact in fields.items()}.items() <= types.items(), name


def test_secrets_are_redacted(facts: dict[str, Any]) -> None:
    secret = [(m, f) for m, fields in facts["models"].items() for f, fact in fields.items() if fact.get("sensitive")]
    assert len(secret) >= 6
    for model, field in secret:
        shown = repr(getattr(ubiops, model).from_dict({field: "5ecret"}))
        assert f"{field}=" in shown, model
        assert "5ecret" not in shown, model
