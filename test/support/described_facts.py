"""Describes the whole API from its facts, in the form that `openapi/` has.

The tests generate a client from this description, to check that the generator takes
every operation. The benchmarks measure the size of that client.
`python test/support/described_facts.py FOLDER [AREA ...]` writes the description, which
is also a draft to start from when an area is described by hand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from fact_schemas import PLAIN, FactSchemas, sentence
from fact_views import query_of

FACTS = Path(__file__).resolve().parents[1] / "openapi" / "api-facts.json"
# Not part of CoreApi, gone since 4.12, and without the model that they return.
LEFT_OUT = ("blobs",)
ANY: dict[str, Any] = {"x-any": True}
FREE_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
JSON, TEXT, FORM = "application/json", "text/plain", "multipart/form-data"
ERRORS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    429: "TooManyRequests",
    500: "ServerError",
}
COMMON = (401, 403, 404, 429, 500)


def read_facts(path: Path = FACTS) -> dict[str, Any]:
    """Reads the facts."""
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def describe(facts: dict[str, Any], areas: list[str] | None = None) -> dict[str, Any]:
    """Makes the description.

    Args:
        facts: The facts of the whole API.
        areas: The areas to describe; None means all but those that are left out.

    Returns:
        The content of each file, by its path in the folder of the description.
    """
    chosen = areas or [area for area in facts["areas"] if area not in LEFT_OUT]
    schemas = FactSchemas(facts)
    files: dict[str, Any] = {}
    for area in chosen:
        files[f"paths/{area}.yaml"] = _paths(facts, schemas, area)
    for area, described in schemas.by_area(chosen).items():
        files[f"schemas/{area}.yaml"] = described
    files["schemas/errors.yaml"] = {"Error": _error()}
    files["responses.yaml"] = {name: _failure(name) for name in ERRORS.values()}
    return {"openapi.yaml": _root(facts, chosen), **files}


def write(files: dict[str, Any], folder: Path) -> Path:
    """Writes the files of a description and returns the path of its root."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_yaml(content), encoding="utf-8")
    return folder / "openapi.yaml"


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(content: Any) -> str:
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return text


def _root(facts: dict[str, Any], areas: list[str]) -> dict[str, Any]:
    tags = []
    for area in areas:
        words = " ".join(area.split("_"))
        tags.append({"name": area, "description": f"Operations of the area {words}."})
    return {
        "openapi": "3.1.0",
        "info": {"title": "UbiOps API", "version": "2.1", "description": "Described from facts alone."},
        "servers": [{"url": facts["default_host"]["4.8.0"], "description": "The public platform."}],
        "security": [{"ApiToken": []}],
        "tags": tags,
        "components": {
            "securitySchemes": {
                "ApiToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": facts["auth"]["header"],
                    "description": "The word `Token`, a space and the secret of an API token.",
                }
            }
        },
        "x-common-responses": {str(status): {"$ref": f"#/components/responses/{ERRORS[status]}"} for status in COMMON},
    }


def _error() -> dict[str, Any]:
    return {
        "type": "object",
        "x-internal": True,
        "description": "The body of an error response.",
        "required": ["error"],
        "properties": {"error": {"type": "string", "description": "What went wrong."}},
    }


def _failure(name: str) -> dict[str, Any]:
    example = {"summary": "An error", "value": {"error": "Something went wrong"}}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "examples": {"failed": example}}
    return {"description": f"The error {name}.", "content": {JSON: content}}


def _paths(facts: dict[str, Any], schemas: FactSchemas, area: str) -> dict[str, Any]:
    names = [name for name, method in facts["methods"].items() if method["area"] == area]
    # Literal segments come before parameters, for routers that take the first match.
    names.sort(key=lambda name: [segment.startswith("{") for segment in facts["methods"][name]["path"].split("/")])
    paths: dict[str, Any] = {}
    for name in names:
        method = facts["methods"][name]
        paths.setdefault(method["path"], {})[method["http"].lower()] = _operation(facts, schemas, name)
    return paths


def _operation(facts: dict[str, Any], schemas: FactSchemas, name: str) -> dict[str, Any]:
    method = facts["methods"][name]
    described: dict[str, Any] = {
        "operationId": name,
        "summary": method["meaning"].rstrip("."),
        "description": sentence(method["meaning"], method["versions"]),
    }
    if method["deprecated"]:
        described["deprecated"] = True
    if method["auth_needed"] is False:
        described["security"] = []
    path = [_parameter(schemas, key, method["parameters"][key]) for key in method["path_params"]]
    headers = {argument: header for header, argument in method.get("headers", {}).items()}
    query = [_parameter(schemas, key, method["parameters"][key]) for key in query_of(method)]
    query += [_parameter(schemas, key, method["parameters"][key], header) for key, header in headers.items()]
    if path or query:
        described["parameters"] = path + query
    if "body" in method:
        described["requestBody"] = _body(facts, schemas, name)
    described["responses"] = _responses(schemas, name, method)
    return described


def _parameter(schemas: FactSchemas, name: str, fact: dict[str, Any], header: str | None = None) -> dict[str, Any]:
    schema = schemas.parameter(fact)
    described: dict[str, Any] = {
        "name": header or name,
        "in": fact["in"],
        "required": fact["required"],
        "description": sentence(fact["meaning"], fact.get("versions")),
    }
    if fact.get("deprecated"):
        described["deprecated"] = True
    if schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    return {**described, "schema": schema, "example": schemas.example(schema, name)}


def _body(facts: dict[str, Any], schemas: FactSchemas, name: str) -> dict[str, Any]:
    method = facts["methods"][name]
    body = method["body"]
    described: dict[str, Any] = {"required": True} if body["required"] else {}
    needs = {key: need["operations"] for key, need in facts["generator_needs"]["needs"].items()}
    if body["kind"] == "form":
        return {**described, "description": "The parts of the form.", "content": {FORM: _form(schemas, method)}}
    described["description"] = sentence(method["parameters"]["data"]["meaning"])
    content: dict[str, Any] = {}
    if name in needs["any-body"]:
        content[JSON] = _media(schemas, ANY, "data")
        content[TEXT] = _media(schemas, {"type": "string"}, "data")
    elif name in needs["one-or-list-body"]:
        one = schemas.type(body["type"])
        content[JSON] = _media(schemas, {"oneOf": [one, {"type": "array", "items": one}]}, "data")
    elif body["kind"] == "any":
        content[JSON] = _media(schemas, FREE_OBJECT, "data")
    else:
        content[JSON] = _media(schemas, schemas.type(body["type"]), "data")
    return {**described, "content": content}


def _form(schemas: FactSchemas, method: dict[str, Any]) -> dict[str, Any]:
    properties = {}
    encoding = {}
    parts = [name for name in method["parameters"] if method["parameters"][name]["in"] in ("file", "form")]
    # Required files are positional arguments. The others keep the keywords' order.
    order = [name for name in parts if name not in method["optional"]]
    order += [name for name in method["optional"] if name in parts]
    for name in order:
        fact = method["parameters"][name]
        properties[name] = {**schemas.parameter(fact), "description": sentence(fact["meaning"], fact.get("versions"))}
        if "media_type" in fact:
            encoding[name] = {"contentType": fact["media_type"]}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [name for name in order if method["parameters"][name]["required"]]
    if required:
        schema["required"] = required
    elif "one_of" in method["body"]:
        schema["description"] = "One of several sources is needed."
        schema["anyOf"] = [{"required": names} for names in method["body"]["one_of"]]
    media: dict[str, Any] = {"schema": schema}
    if encoding:
        media["encoding"] = encoding
    # One example for each source; the other parts belong to all of them.
    sources = method["body"].get("one_of", [order])
    others = [name for name in order if not any(name in source for source in sources)]
    examples = {}
    for source in sources:
        value = {name: schemas.example(properties[name], name) for name in order if name in (*source, *others)}
        examples["_and_".join(source)] = {"summary": f"With {' and '.join(source)}", "value": value}
    return {**media, "examples": examples}


def _media(schemas: FactSchemas, schema: dict[str, Any], name: str) -> dict[str, Any]:
    example = {"summary": "All fields", "value": schemas.example(schema, name)}
    return {"schema": schema, "examples": {"all": example}}


def _responses(schemas: FactSchemas, name: str, method: dict[str, Any]) -> dict[str, Any]:
    kind, returned = method["answer"]["kind"], method["returns"]
    created = method["http"] == "POST" and not name.endswith("_copy")
    status = "204" if kind == "none" else "201" if created else "200"
    success: dict[str, Any] = {"description": "The operation succeeded."}
    if kind == "file":
        success["content"] = {"application/octet-stream": _media(schemas, schemas.type("file"), "file")}
    elif kind != "none":
        # No model of blobs is known.
        known = kind != "any" and (schemas.names(returned) or returned in PLAIN)
        schema = schemas.type(returned) if known else ANY
        success["content"] = {JSON: _media(schemas, schema, "data")}
    responses: dict[str, Any] = {status: success}
    if "body" in method or method["query"]:
        responses["400"] = {"$ref": "#/components/responses/BadRequest"}
    return responses


def main(arguments: list[str]) -> None:
    """Writes the description into a folder."""
    folder, *areas = arguments
    print(write(describe(read_facts(), areas or None), Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
