"""Compares a request with the description, strictly."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend

from contract.operations import EVENTS, FORM, JSON, TEXT, Contract, Parameter

_FORMATS = FormatChecker(["date", "date-time", "uuid"])
# 5.0 is an integer to JSON Schema, but not to the programs at both ends.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda checker, value: isinstance(value, int) and not isinstance(value, bool)
)
_Validator: Any = extend(Draft202012Validator, type_checker=_TYPES)

_USUAL_HEADERS = frozenset(
    (
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "transfer-encoding",
        "user-agent",
    )
)


def check(
    contract: Contract,
    path: Mapping[str, str],
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    official: bool = False,
) -> list[str]:
    """Returns how a request breaks the description; an empty list if it doesn't.

    Args:
        contract: The operation.
        path: The values of the path's parameters, decoded.
        query: The query string.
        headers: The headers, with names in lower case.
        body: The whole body.
        official: Whether a token and a header Accept may be sent as official clients
            do.
    """
    return [
        *_check_path(contract, path),
        *_check_query(contract, query),
        *_check_headers(contract, headers, official),
        *_check_body(contract, headers, body),
    ]


def _check_path(contract: Contract, path: Mapping[str, str]) -> Iterator[str]:
    for parameter in contract.placed("path"):
        yield from _violations(parameter.schema, path[parameter.name], f"path {parameter.name}")


def _check_query(contract: Contract, query: str) -> Iterator[str]:
    if not re.fullmatch(r"(?:[A-Za-z0-9._~+=&-]|%[0-9A-F]{2})*", query):
        yield f"the query is not encoded: {query}"
        return
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError as error:
        yield f"the query is not valid: {error}"
        return
    yield from _check_parameters("query", contract.placed("query"), pairs)


def _check_parameters(place: str, parameters: list[Parameter], given: list[tuple[str, str]]) -> Iterator[str]:
    known = {parameter.name: parameter for parameter in parameters}
    names = [name for name, _ in given]
    for name, text in given:
        if name not in known:
            yield f"unknown {place} parameter {name}"
            continue
        value = _from_text(text, known[name].schema)
        yield from _violations(known[name].schema, value, f"{place} parameter {name}")
    for name, parameter in known.items():
        if parameter.required and name not in names:
            yield f"missing {place} parameter {name}"
        if names.count(name) > 1:
            yield f"{place} parameter {name} is given twice"


def _from_text(text: str, schema: dict[str, Any]) -> Any:
    """Returns the value that a text in a query, header or form stands for."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    # Official clients send True and False.
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "array":
        return [_from_text(one, schema["items"]) for one in text.split(",")] if text else []
    return text


def _check_headers(contract: Contract, headers: Mapping[str, str], official: bool) -> Iterator[str]:
    described = {one.name.lower(): one for one in contract.placed("header")}
    given = [(name, value) for name, value in headers.items() if name not in _USUAL_HEADERS]
    yield from _check_parameters("header", list(described.values()), given)
    token = headers.get("authorization")
    if contract.authorized and not re.fullmatch(r"Token \S+", token or ""):
        yield "the header Authorization is not a token"
    if official:
        return
    if not contract.authorized and token is not None:
        yield "a token is sent to an operation that needs none"
    wanted = contract.response[0] if contract.response else JSON
    accepted = [one.partition(";")[0].strip() for one in headers.get("accept", "*/*").split(",")]
    if wanted not in accepted and "*/*" not in accepted:
        yield f"the header Accept excludes {wanted}"


def _check_body(contract: Contract, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    if "content-encoding" in headers:
        yield "compressed bodies are not accepted"
        return
    if not body:
        if contract.body_required:
            yield "missing body"
        return
    if not contract.body:
        yield "a body is sent to an operation that has none"
        return
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    if media_type not in contract.body:
        yield f"the media type {media_type!r} is not one of {', '.join(contract.body)}"
        return
    schema = contract.body[media_type].schema
    if media_type == FORM:
        yield from _check_form(schema, parameters, body)
        return
    charset = re.fullmatch(r"\s*charset=utf-8\s*", parameters, re.IGNORECASE)
    if parameters and not charset:
        yield f"the encoding {parameters.strip()} is not UTF-8"
        return
    try:
        text = body.decode()
        value = text if media_type == TEXT else json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        yield f"the body is not valid: {error}"
        return
    yield from _violations(schema, value, "body")


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _check_form(schema: dict[str, Any], parameters: str, body: bytes) -> Iterator[str]:
    boundary = re.fullmatch(r"""\s*boundary="?([A-Za-z0-9'()+_,./:=?-]{1,70})"?""", parameters)
    if not boundary:
        yield f"the form has no boundary: {parameters!r}"
        return
    try:
        parts = list(read_form(body, boundary[1]))
    except ValueError as error:
        yield f"the form is not valid: {error}"
        return
    values: dict[str, Any] = {}
    for name, filename, content in parts:
        field = schema["properties"].get(name)
        if field is None:
            yield f"unknown field {name} in the form"
        elif name in values:
            yield f"the field {name} is given twice"
        elif (field.get("format") == "binary") != (filename is not None):
            yield f"the field {name} is {'not' if filename is None else ''} a file"
        try:
            values[name] = "" if filename is not None else _from_text(content.decode(), field or {})
        except UnicodeDecodeError:
            yield f"the field {name} is not UTF-8"
    known = {name: value for name, value in values.items() if name in schema["properties"]}
    yield from _violations(schema, known, "form")


def read_form(body: bytes, boundary: str) -> Iterator[tuple[str, str | None, bytes]]:
    """Returns the name, the file name (None without one) and the content of each part.

    Raises:
        ValueError: The form is malformed.
    """
    delimiter = b"\r\n--" + boundary.encode()
    start, *parts = (b"\r\n" + body).split(delimiter)
    if start or not parts or parts.pop() not in (b"--\r\n", b"--"):
        raise ValueError("it does not begin and end with its boundary")
    for part in parts:
        head, found, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = re.search(
            rb'(?im)^content-disposition: *form-data; *name="([^"]*)"(?:; *filename="([^"]*)")?', head
        )
        if not found or not disposition:
            raise ValueError(f"a part has no name: {head!r}")
        filename = None if disposition[2] is None else disposition[2].decode()
        yield disposition[1].decode(), filename, content


@functools.cache
def _compiled(key: int) -> Any:
    return _Validator(_SCHEMAS[key], format_checker=_FORMATS)


# Schemas can't be keys themselves. They live as long as the description does.
_SCHEMAS: dict[int, dict[str, Any]] = {}


def _violations(schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    _SCHEMAS[id(schema)] = schema
    for error in _compiled(id(schema)).iter_errors(value):
        field = "".join(f"[{part!r}]" for part in error.absolute_path)
        yield f"{where}{field}: {error.message:.300}"


def response_violations(contract: Contract, value: Any) -> list[str]:
    """Returns how the JSON of a response breaks the description."""
    assert contract.response is not None
    return list(_violations(contract.response[1].schema, value, "response"))


__all__ = ["EVENTS", "check", "read_form", "response_violations"]
