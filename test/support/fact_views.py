"""The description's operations and models, in the terms of the facts.

`operation_view` and `model_view` reduce a part of the description to plain attributes.
`fact_operation` and `fact_model` reduce the facts to the same attributes, so that a
test only has to compare two dicts.
"""

from __future__ import annotations

from typing import Any

View = dict[str, Any]

_FORMATS = ("uuid", "date-time", "date")
_LIMITS = {"min_length": "minLength", "max_length": "maxLength", "minimum": "minimum", "maximum": "maximum"}
_FLAGS = {"sensitive": "x-sensitive", "sensitive_unless_false": "x-sensitive-unless-false"}


# --- the description ------------------------------------------------------------------


def type_of(schema: dict[str, Any] | None) -> str | None:
    """Returns the declared type of a schema."""
    if schema is None:
        return None
    if "x-declared-type" in schema:
        return str(schema["x-declared-type"])
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for key in ("oneOf", "anyOf"):
        if key in schema and "type" not in schema:
            # A model or a list of it, a model or null: the facts name the model.
            return type_of(schema[key][0])
    kind = kind_of(schema)
    if kind == "array":
        return f"list[{type_of(schema['items'])}]"
    if kind == "object":
        rest = schema.get("additionalProperties")
        return "object" if rest is True else f"dict(str, {type_of(rest)})"
    if kind == "string":
        named = {"date-time": "datetime", "date": "date", "binary": "file"}
        return named.get(schema.get("format", ""), "str")
    return {"integer": "int", "number": "float", "boolean": "bool", "any": "object"}[kind]


def kind_of(schema: dict[str, Any]) -> str:
    """Returns the JSON type of a schema without null, or `any`."""
    if schema.get("x-any"):
        return "any"
    kind = schema["type"]
    if isinstance(kind, list):
        [kind] = [name for name in kind if name != "null"]
    return str(kind)


def wire_of(schema: dict[str, Any]) -> str | None:
    """Returns the type that is sent, where a schema's declared type is less precise."""
    if "$ref" in schema or "anyOf" in schema:
        return None
    kind = kind_of(schema)
    if kind == "array":
        items = schema["items"]
        return "list of objects" if "$ref" not in items and kind_of(items) == "object" else None
    if kind != "object":
        return "any" if kind == "any" else None
    rest = schema.get("additionalProperties")
    if rest is True:
        return "object"
    return "map of strings" if rest == {"type": "string"} else "map of objects"


def operation_view(method: str, path: str, item: dict[str, Any]) -> View:
    """Returns the attributes of an operation.

    Args:
        method: The HTTP method in lower case.
        path: The template of the path.
        item: The operation in the description, with references to parameters and
            responses followed.
    """
    described = {_argument(one): _parameter_view(one) for one in item.get("parameters", [])}
    keywords = [one for one in described if described[one]["in"] != "path"]
    positional = [one for one in described if described[one]["in"] == "path"]
    body = item.get("requestBody")
    if body is not None:
        media_type, media = next(iter(body["content"].items()))
        if media_type == "multipart/form-data":
            required = media["schema"].get("required", [])
            for name, schema in media["schema"]["properties"].items():
                described[name] = _form_view(schema, name in required)
                (positional if name in required else keywords).append(name)
        else:
            required = body.get("required", False)
            described["data"] = {"in": "body", "type": type_of(media["schema"]), "required": required}
            (positional if required else keywords).append("data")
    return {
        "http": method.upper(),
        "path": path,
        "positional": positional,
        "keywords": sorted(keywords),
        "query": [name for name in described if described[name]["in"] == "query"],
        "form": [name for name in described if described[name]["in"] == "form"],
        "files": [name for name in described if described[name]["in"] == "file"],
        "returns": type_of(_returned(item)),
        "authorized": item.get("security") != [],
        "deprecated": bool(item.get("deprecated")),
        "text_body": "text/plain" in body["content"] if body else False,
        "parameters": described,
    }


def _argument(parameter: dict[str, Any]) -> str:
    return str(parameter["name"]).replace("-", "_")


def _parameter_view(parameter: dict[str, Any]) -> View:
    schema = parameter["schema"]
    view: View = {"in": parameter["in"], "type": type_of(schema), "required": bool(parameter.get("required"))}
    if schema.get("type") == "array":
        # Combinable choices are sent as one comma-separated string.
        view |= {"type": "str", "items_enum": schema["items"]["enum"]}
        if "default" in schema:
            view["default"] = ",".join(schema["default"])
    elif view["type"] in ("datetime", "date"):
        view["type"] = "str"
    if schema.get("format") in _FORMATS:
        view["format"] = schema["format"]
    for key in ("minimum", "maximum", "enum", "default"):
        if key in schema:
            view.setdefault(key, schema[key])
    if parameter.get("deprecated"):
        view["deprecated"] = True
    return view


def _form_view(schema: dict[str, Any], required: bool) -> View:
    kind = type_of(schema)
    view: View = {"in": "file" if kind == "file" else "form", "type": kind, "required": required}
    if schema.get("format") in _FORMATS:
        view["format"] = schema["format"]
    for key, keyword in (*_LIMITS.items(), ("default", "default"), ("enum", "enum")):
        if keyword in schema:
            view[key] = schema[keyword]
    return view


def _returned(item: dict[str, Any]) -> dict[str, Any] | None:
    [success] = [response for status, response in item["responses"].items() if status.startswith("2")]
    for media in success.get("content", {}).values():
        schema: dict[str, Any] = media["schema"]
        return schema
    return None


def model_view(schema: dict[str, Any]) -> dict[str, View]:
    """Returns the attributes of each field of a model."""
    return {
        name: _field_view(field, name in schema.get("required", [])) for name, field in schema["properties"].items()
    }


def _field_view(field: dict[str, Any], required: bool) -> View:
    kinds = [*field.get("type", []), *[one.get("type") for one in field.get("anyOf", [])]]
    nullable = "null" in kinds or bool(field.get("x-any"))
    view: View = {"type": type_of(field), "nullable": nullable, "required": required}
    if wire_of(field):
        view["wire"] = wire_of(field)
    if field.get("format") == "uuid":
        view["format"] = "uuid"
    for key, keyword in (*_LIMITS.items(), *_FLAGS.items(), ("pattern", "pattern"), ("default", "default")):
        if keyword in field:
            view[key] = field[keyword]
    if "enum" in field:
        view["enum"] = [choice for choice in field["enum"] if choice is not None]
    if field.get("deprecated"):
        view["deprecated"] = True
    return view


# --- the facts ------------------------------------------------------------------------


def fact_operation(fact: dict[str, Any]) -> View:
    """Returns the attributes of an operation as the facts have them."""
    text_body = "text/plain" in fact.get("body", {}).get("media_types", [])
    parameters = {name: _fact_parameter(parameter) for name, parameter in fact["parameters"].items()}
    if text_body:
        # The batch operations declare a list, but accept a single object or text.
        parameters["data"]["type"] = "object"
    return {
        "http": fact["http"],
        "path": fact["path"],
        "positional": list(fact["positional"]),
        "keywords": sorted(name for name in fact["parameters"] if name not in fact["positional"]),
        "query": query_of(fact),
        "form": fact["form"],
        "files": fact["files"],
        "returns": fact["returns"],
        "authorized": fact["auth_needed"] is not False,
        "deprecated": fact["deprecated"],
        "text_body": text_body,
        "parameters": parameters,
    }


def query_of(fact: dict[str, Any]) -> list[str]:
    """Returns the names in the query, those of the newest generation first."""
    older = [name for name, one in fact["parameters"].items() if one["in"] == "query" and name not in fact["query"]]
    return [*fact["query"], *older]


def _fact_parameter(fact: dict[str, Any]) -> View:
    known = ("in", "type", "required", "minimum", "maximum", "enum", "items_enum", "default", "deprecated")
    view = {key: fact[key] for key in known if key in fact}
    if fact.get("format") in _FORMATS:
        view["format"] = fact["format"]
    if fact["in"] == "form" and "min_length" in fact:
        view["min_length"] = fact["min_length"]
    return view


def fact_model(fields: dict[str, Any]) -> dict[str, View]:
    """Returns the attributes of each field of a model as the facts have them."""
    return {name: _fact_field(field) for name, field in fields.items()}


def _fact_field(fact: dict[str, Any]) -> View:
    view: View = {
        "type": fact["type"],
        "nullable": bool(fact.get("nullable") or fact.get("null_documented") or fact.get("wire") == "any"),
        "required": bool(fact.get("required") or fact.get("always_present")),
    }
    for key in ("wire", "pattern", "deprecated", *_LIMITS, *_FLAGS):
        if key in fact:
            view[key] = fact[key]
    if "enum" in fact:
        view["enum"] = [choice for choice in fact["enum"] if choice is not None]
    if fact.get("default") is not None:
        view["default"] = fact["default"]
    # Dates have their own type; a string that may contain one is a string.
    if fact.get("format") == "uuid":
        view["format"] = "uuid"
    return view


# --- both -----------------------------------------------------------------------------


def differences(name: str, described: View, known: View) -> dict[str, tuple[Any, Any]]:
    """Compares two views attribute by attribute.

    A part that only one of both has counts once, not once for each of its attributes.

    Returns:
        What the description and what the facts say, by the path of the attribute, such
        as `Model.field.maximum`.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for key in {**described, **known}:
        one, other = described.get(key), known.get(key)
        if isinstance(one, dict) and isinstance(other, dict) and (key == "parameters" or "type" in one):
            found |= differences(f"{name}.{key}", one, other)
        elif one != other:
            found[f"{name}.{key}"] = (one, other)
    return found
