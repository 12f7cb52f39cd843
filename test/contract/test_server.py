"""The contract server is strict: whatever breaks the description is rejected with its
reason, and all that it sends keeps to the description."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from contract.calls import FILE, arguments_of
from contract.checks import response_violations
from contract.operations import FORM, GENERATIONS, JSON, TEXT, Contract, contracts
from contract.server import ContractServer, responses

PRESENT = [one for generation in GENERATIONS for one in contracts(generation) if not one.elsewhere]


def each(contracts: list[Contract]) -> Any:
    return pytest.mark.parametrize("contract", contracts, ids=lambda one: f"{one.operation_id}-{one.generation}")


every_operation = each(PRESENT)
every_operation_with_a_body = each([one for one in PRESENT if one.body])
every_operation_that_returns_json = each([one for one in PRESENT if one.response and one.response[0] == JSON])
BOUNDARY = "the-boundary"


class Raw:
    """A valid request of an operation, to be changed and sent without any client."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.path = {one.name: one.example for one in contract.placed("path")}
        self.query = {one.name: _text(one.example) for one in contract.placed("query")}
        self.headers = {"Accept": contract.response[0] if contract.response else JSON}
        if contract.authorized:
            self.headers["Authorization"] = "Token abc"
        self.form: dict[str, Any] = {}
        self.body = b""
        if contract.form is not None:
            self.form = next(one.named for one in arguments_of(contract))
            self.form = {name: value for name, value in self.form.items() if name not in self.path}
            self.headers["Content-Type"] = f"{FORM}; boundary={BOUNDARY}"
        elif contract.body:
            self.json = next(iter(contract.body[JSON].examples.values()))
            self.body = json.dumps(self.json).encode()
            self.headers["Content-Type"] = JSON

    def send(self, server: ContractServer) -> tuple[int, str]:
        """Returns the status and the reason."""
        path = self.contract.path
        for name, value in self.path.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        query = f"?{urlencode(self.query)}" if self.query else ""
        body = write_form(self.form) if self.form and not self.body else self.body
        connection = http.client.HTTPConnection(server.origin.removeprefix("http://"), timeout=20)
        try:
            connection.request(self.contract.method, f"/{self.contract.generation}{path}{query}", body, self.headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return response.status, json.loads(content)["error"] if response.status >= 400 else ""


def write_form(fields: dict[str, Any]) -> bytes:
    parts = b""
    for name, value in fields.items():
        filename = '; filename="file.zip"' if isinstance(value, bytes) else ""
        content = value if isinstance(value, bytes) else _text(value).encode()
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
        parts += head.encode() + content + b"\r\n"
    return parts + f"--{BOUNDARY}--\r\n".encode()


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def rejected(raw: Raw, server: ContractServer, reason: str) -> None:
    status, error = raw.send(server)
    assert (status, bool(re.search(reason, error))) == (400, True), error


@every_operation
def test_a_valid_request_is_accepted(contract: Contract, contract_server: ContractServer) -> None:
    assert Raw(contract).send(contract_server) == (contract.status, "")


@every_operation
def test_a_request_with_something_unknown_is_rejected(contract: Contract, contract_server: ContractServer) -> None:
    raw = Raw(contract)
    raw.query["unknown_parameter"] = "1"
    rejected(raw, contract_server, "unknown query parameter unknown_parameter")
    raw = Raw(contract)
    raw.headers["X-Unknown"] = "1"
    rejected(raw, contract_server, "unknown header parameter x-unknown")
    raw = Raw(contract)
    if contract.form is not None:
        raw.form["unknown_field"] = "1"
        rejected(raw, contract_server, "unknown field unknown_field")
    elif not contract.body:
        raw.body = b"{}"
        raw.headers["Content-Type"] = JSON
        rejected(raw, contract_server, "a body is sent")
    elif "properties" in contract.body[JSON].schema:
        raw.body = json.dumps({**raw.json, "unknown_field": 1}).encode()
        rejected(raw, contract_server, "unknown_field")


@every_operation
def test_a_request_without_a_required_part_is_rejected(contract: Contract, contract_server: ContractServer) -> None:
    for name in Raw(contract).path:
        raw = Raw(contract)
        raw.path[name] = ""
        assert raw.send(contract_server)[0] in (400, 404)
    raw = Raw(contract)
    if contract.authorized:
        del raw.headers["Authorization"]
        rejected(raw, contract_server, "Authorization is not a token")
    else:
        raw.headers["Authorization"] = "Token abc"
        rejected(raw, contract_server, "a token is sent")
    if contract.body_required:
        raw = Raw(contract)
        raw.body, raw.form = b"", {}
        rejected(raw, contract_server, "missing body")
    for name in contract.body[JSON].schema.get("required", ()) if JSON in contract.body else ():
        raw = Raw(contract)
        raw.body = json.dumps({key: one for key, one in raw.json.items() if key != name}).encode()
        rejected(raw, contract_server, f"'{name}' is a required property")


@every_operation
def test_a_value_of_the_wrong_type_is_rejected(contract: Contract, contract_server: ContractServer) -> None:
    wrong: dict[str, Any] = {"string": 5, "integer": "five", "number": "five", "boolean": 5, "array": 5, "object": 5}
    for parameter in contract.parameters:
        kind = parameter.schema.get("type")
        if kind in ("integer", "boolean") or "format" in parameter.schema or "enum" in parameter.schema:
            raw = Raw(contract)
            getattr(raw, parameter.place)[parameter.name] = "no such value"
            rejected(raw, contract_server, f"{parameter.name}: 'no such value' is not")
    schema = contract.body[JSON].schema if JSON in contract.body else {}
    for name, part in schema.get("properties", {}).items():
        kinds = part.get("type", "")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and kinds[0] in wrong:
            raw = Raw(contract)
            raw.body = json.dumps({**raw.json, name: wrong[kinds[0]]}).encode()
            rejected(raw, contract_server, re.escape(f"body['{name}']: {wrong[kinds[0]]!r} is not"))


@every_operation_with_a_body
def test_a_body_in_another_form_is_rejected(contract: Contract, contract_server: ContractServer) -> None:
    raw = Raw(contract)
    raw.headers["Content-Type"] = "application/x-www-form-urlencoded"
    rejected(raw, contract_server, "the media type 'application/x-www-form-urlencoded' is not one of")
    raw = Raw(contract)
    raw.headers["Content-Encoding"] = "gzip"
    rejected(raw, contract_server, "compressed bodies")
    raw = Raw(contract)
    raw.body = b'{"a": "\xff"}' if contract.form is None else write_form({"file": "text"})
    rejected(raw, contract_server, "the body is not valid" if contract.form is None else "is not a file")
    if contract.form is None:
        raw = Raw(contract)
        raw.headers["Content-Type"] = f"{JSON}; charset=latin-1"
        rejected(raw, contract_server, "is not UTF-8")
        raw.headers["Content-Type"] = JSON
        raw.body = b'{"a": NaN}'
        rejected(raw, contract_server, "NaN is not a JSON number")
        if TEXT in contract.body:
            raw.headers["Content-Type"] = TEXT
            raw.body = b"\xff"
            rejected(raw, contract_server, "the body is not valid")


@every_operation_that_returns_json
def test_responses_keep_to_the_description(contract: Contract) -> None:
    for value in responses(contract).values():
        assert response_violations(contract, value) == []


def test_another_address_is_not_found(contract_server: ContractServer) -> None:
    raw = Raw(next(one for one in PRESENT if one.operation_id == "deployments_get"))
    raw.contract = _changed(raw.contract, generation="v1")
    assert raw.send(contract_server) == (404, "the path begins with neither of v2.1, v2")
    raw.contract = _changed(raw.contract, generation="v2", method="PUT")
    assert raw.send(contract_server)[0] == 404


def _changed(contract: Contract, **changes: Any) -> Contract:
    from dataclasses import replace

    return replace(contract, **changes)


def test_a_form_is_read_byte_by_byte(contract_server: ContractServer) -> None:
    raw = Raw(next(one for one in PRESENT if one.operation_id == "revisions_file_upload"))
    assert raw.form == {"file": FILE}
    raw.body = write_form(raw.form).replace(b"--the-boundary--", b"")
    rejected(raw, contract_server, "does not begin and end with its boundary")
    raw.headers["Content-Type"] = FORM
    rejected(raw, contract_server, "has no boundary")
    del raw.headers["Content-Type"]
    rejected(raw, contract_server, "media type '' is not one of")
