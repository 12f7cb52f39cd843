"""Turns the types and limits of the facts into schemas, and schemas into examples."""

from __future__ import annotations

import re
from typing import Any

PLAIN: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "file": {"type": "string", "format": "binary"},
    "object": {"x-any": True},
    "dict(str, str)": {"type": "object", "additionalProperties": {"type": "string"}},
    "dict(str, object)": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": True}},
}
# The type that is sent, where the declared type is less precise.
WIRE: dict[str, dict[str, Any]] = {
    "any": {"x-any": True},
    "object": {"type": "object", "additionalProperties": True},
    "map of strings": {"type": "object", "additionalProperties": {"type": "string"}},
    "map of objects": PLAIN["dict(str, object)"],
    "list of objects": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
}
# The types that the schemas above declare by themselves. Any other one is added.
DECLARED = {
    "any": "object",
    "object": "object",
    "map of strings": "dict(str, str)",
    "map of objects": "dict(str, object)",
    "list of objects": "list[object]",
}
LIMITS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "pattern": "pattern",
}
EXAMPLES: dict[str, Any] = {
    "uuid": "7c28a2be-9d3c-4a5e-8f10-3b2d6f0e9a41",
    "date-time": "2024-03-05T08:58:12.456812Z",
    "date": "2024-03-05",
    "binary": "file.zip",
}
GENERATION = {"4.8.0": "/v2.1", "4.15.0": "/v2"}


def sentence(meaning: str, versions: list[str] | None = None) -> str:
    """Returns a meaning as a sentence, and which generation has it if not both do."""
    text = meaning.rstrip(".") + "."
    if versions is not None and len(versions) == 1:
        text += f" Only `{GENERATION[versions[0]]}` has it."
    return text


class FactSchemas:
    """The schemas of all models and parameters."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.models: dict[str, dict[str, Any]] = {name: self._model(name) for name in facts["models"]}

    def by_area(self, areas: list[str]) -> dict[str, dict[str, Any]]:
        """Returns the models that areas use, each in the first area that uses it."""
        found: dict[str, dict[str, Any]] = {}
        seen: set[str] = set()
        for area in areas:
            waiting = [
                name
                for method in self.facts["methods"].values()
                if method["area"] == area
                for type_ in (method["returns"], method.get("body", {}).get("type"))
                for name in self.names(type_)
            ]
            while waiting:
                name = waiting.pop()
                if name not in seen:
                    seen.add(name)
                    found.setdefault(area, {})[name] = self.models[name]
                    waiting += [n for field in self.facts["models"][name].values() for n in self.names(field["type"])]
        return {area: dict(sorted(models.items())) for area, models in found.items()}

    def names(self, type_: str | None) -> list[str]:
        """Returns the models that a type names."""
        return [word for word in re.findall(r"\w+", type_ or "") if word in self.facts["models"]]

    def type(self, type_: str) -> dict[str, Any]:
        """Returns the schema of a type without limits."""
        if type_ in PLAIN:
            return dict(PLAIN[type_])
        if type_.startswith("list["):
            return {"type": "array", "items": self.type(type_[5:-1])}
        if type_ not in self.facts["models"]:
            raise KeyError(f"the type {type_} is neither plain nor a model")
        return {"$ref": f"#/components/schemas/{type_}"}

    def parameter(self, fact: dict[str, Any]) -> dict[str, Any]:
        """Returns the schema of a parameter of a path, a query, a header or a form."""
        schema = self.type(fact["type"])
        if fact["in"] == "path" and fact["type"] == "str":
            schema["minLength"] = 1
        if fact.get("format") in ("uuid", "date-time", "date"):
            # The format of an id determines its length.
            schema = {"type": "string", "format": fact["format"]}
        elif fact["in"] == "form" and "min_length" in fact:
            schema["minLength"] = fact["min_length"]
        for key in ("minimum", "maximum", "enum"):
            if key in fact:
                schema[key] = fact[key]
        if "default" in fact:
            schema["default"] = fact["default"]
        if "items_enum" in fact:
            schema = {"type": "array", "items": {"type": "string", "enum": fact["items_enum"]}}
            if "default" in fact:
                schema["default"] = [fact["default"]]
        return schema

    def example(self, schema: dict[str, Any], name: str) -> Any:
        """Returns a value that meets a schema, with all fields of a model."""
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.example(schema[key][0], name)
        if "$ref" in schema:
            model = self.models[schema["$ref"].rpartition("/")[2]]
            return {key: self.example(field, key) for key, field in model["properties"].items()}
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "any")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "string":
            return EXAMPLES.get(schema.get("format", "")) or _text(schema, name)
        if kind in ("integer", "number"):
            return min(max(1, schema.get("minimum", 1)), schema.get("maximum", 1))
        if kind == "array":
            return [self.example(schema["items"], name.rstrip("s"))]
        if kind == "boolean":
            return True
        rest = schema.get("additionalProperties")
        return {"key": self.example(rest, "value")} if isinstance(rest, dict) else {"key": "value"}

    def _model(self, name: str) -> dict[str, Any]:
        facts = self.facts["models"][name]
        described: dict[str, Any] = {
            "type": "object",
            "description": sentence(
                self.facts["model_info"][name]["meaning"], self.facts["model_info"][name]["versions"]
            ),
        }
        required = [key for key, fact in facts.items() if fact.get("required") or fact.get("always_present")]
        if required:
            described["required"] = required
        described["properties"] = {key: self._field(fact) for key, fact in facts.items()}
        return described

    def _field(self, fact: dict[str, Any]) -> dict[str, Any]:
        schema = self._typed(fact)
        text = sentence(fact["meaning"], fact.get("in"))
        if "multiple_of" in fact:
            text += f" A multiple of {fact['multiple_of']}."
        if fact.get("nullable") or fact.get("null_documented"):
            if "$ref" in schema:
                schema = {"anyOf": [schema, {"type": "null"}]}
            elif "type" in schema:
                schema["type"] = [schema["type"], "null"]
                if "enum" in schema:
                    schema["enum"] = [*(one for one in schema["enum"] if one is not None), None]
        if "default" in fact and fact["default"] is not None:
            schema["default"] = fact["default"]
        if fact.get("deprecated"):
            schema["deprecated"] = True
        if fact.get("sensitive"):
            schema["x-sensitive"] = True
        if "sensitive_unless_false" in fact:
            schema["x-sensitive-unless-false"] = fact["sensitive_unless_false"]
        return {**schema, "description": text}

    def _typed(self, fact: dict[str, Any]) -> dict[str, Any]:
        if "wire" in fact:
            schema = dict(WIRE[fact["wire"]])
            if DECLARED[fact["wire"]] != fact["type"]:
                schema["x-declared-type"] = fact["type"]
            return schema
        schema = self.type(fact["type"])
        if fact.get("format") == "uuid":
            schema["format"] = "uuid"
        for key, keyword in LIMITS.items():
            if key in fact:
                schema[keyword] = fact[key]
        if "enum" in fact:
            schema["enum"] = list(fact["enum"])
        return schema


def _text(schema: dict[str, Any], name: str) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
