"""The arguments of the methods, derived from the description."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from contract import values
from contract.operations import FORM, JSON, MODEL, TEXT, Contract
from generator.names import python_name

FILE = b"PK\x03\x04 the content of a file \r\n\x00\xff"


class Arguments(NamedTuple):
    """The arguments of a call.

    Attributes:
        label: What is special about them.
        named: The arguments by name, in the order of the method.
        positional: The number of them that may be given by position.
    """

    label: str
    named: dict[str, Any]
    positional: int

    def by_position(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Returns the positional arguments and the others."""
        names = list(self.named)
        return (
            tuple(self.named[name] for name in names[: self.positional]),
            {name: self.named[name] for name in names[self.positional :]},
        )


def arguments_of(contract: Contract) -> list[Arguments]:
    """Returns the arguments of calls that together use everything that an operation
    accepts: the least that it needs, all of it, and each example of its body.
    """
    path = {argument(one.name): one.example for one in contract.placed("path")}
    options = [one for one in contract.parameters if one.place != "path"]
    required = {argument(one.name): one.example for one in options if one.required}
    by_place = {argument(one.name): one.example for one in options if one.positional}
    optional = {argument(one.name): one.example for one in options}
    found = []
    for label, positional, keywords in bodies_of(contract):
        least = {**path, **positional, **required, **keywords}
        found.append(Arguments(label, least, len(path) + len(positional)))
        if label == "minimal":
            continue
        everything = {**path, **positional, **by_place, **optional, **keywords}
        found.append(Arguments(f"{label}, all options", everything, len(path) + len(positional) + len(by_place)))
    return found


def argument(name: str) -> str:
    """Returns the name of the argument for a parameter."""
    made = python_name(name)
    assert made is not None
    return made


def bodies_of(contract: Contract) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Returns labels, positional arguments and keyword arguments for the body."""
    if not contract.body:
        return [("minimal", {}, {}), ("full", {}, {})]
    if contract.form is not None:
        return _forms(contract.form.schema, contract.form.examples)
    bodies: dict[str, Any] = {}
    for media_type, media in contract.body.items():
        suffix = " as text" if media_type == TEXT else ""
        bodies[f"full{suffix}"] = values.full(media.schema)
        bodies[f"required{suffix}"] = values.minimal(media.schema)
        bodies.update({f"example {name}{suffix}": value for name, value in media.examples.items()})
    bodies = with_nulls(bodies)
    if contract.body_required:
        least = next(value for label, value in bodies.items() if label.startswith("required"))
        return [("minimal", {"data": least}, {}), *((label, {"data": value}, {}) for label, value in bodies.items())]
    return [("minimal", {}, {}), *((label, {}, {"data": value}) for label, value in bodies.items())]


def _forms(schema: dict[str, Any], examples: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    properties = schema["properties"]
    # Files that are always required are positional; no operation has one today.
    assert "required" not in schema
    choices = [choice["required"] for choice in schema.get("anyOf", ())]
    others = {name for name in properties if not any(name in choice for choice in choices)}
    found: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for number, choice in enumerate(choices):
        label = "minimal" if number == 0 else f"minimal {number + 1}"
        found.append((label, {}, _fields(properties, choice)))
        found.append((f"full {number + 1}", {}, _fields(properties, (*choice, *others))))
    return [*found, *((f"example {name}", {}, _with_files(properties, value)) for name, value in examples.items())]


def _fields(properties: dict[str, Any], names: Any) -> dict[str, Any]:
    return _with_files(properties, {name: values.full(properties[name]) for name in names})


def _with_files(properties: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {
        argument(name): FILE if properties[name].get("format") == "binary" else value for name, value in fields.items()
    }


def with_nulls(value: Any) -> Any:
    """Returns a value as a caller gives it: None would mean that it is not given."""
    import ubiops

    if isinstance(value, dict):
        return {name: with_nulls(one) for name, one in value.items()}
    if isinstance(value, list):
        return [with_nulls(one) for one in value]
    return ubiops.NULL if value is None else value


def as_objects(contract: Contract, named: dict[str, Any]) -> dict[str, Any]:
    """Returns arguments with models in place of dicts, and dates in place of texts."""
    made = dict(named)
    for parameter in contract.placed("query"):
        name = argument(parameter.name)
        if name in made and parameter.schema.get("format") == "date-time":
            made[name] = datetime.fromisoformat(made[name].replace("Z", "+00:00"))
        elif name in made and parameter.schema.get("type") == "array" and isinstance(made[name], str):
            made[name] = made[name].split(",")
    if "data" in made and JSON in contract.body:
        made["data"] = _as_model(contract.body[JSON].schema, made["data"])
    return made


def _as_model(schema: dict[str, Any], value: Any) -> Any:
    import ubiops

    for choice in (*schema.get("oneOf", ()), *(one for one in schema.get("anyOf", ()) if MODEL in one)):
        if isinstance(value, list) == ("items" in choice):
            return _as_model(choice, value)
    if isinstance(value, list) and "items" in schema:
        return [_as_model(schema["items"], one) for one in value]
    if isinstance(value, dict) and MODEL in schema:
        properties = schema["properties"]
        fields = {argument(name): _as_model(properties[name], one) for name, one in value.items()}
        return getattr(ubiops, schema[MODEL])(**fields)
    return value


__all__ = ["FILE", "FORM", "Arguments", "argument", "arguments_of", "as_objects"]
