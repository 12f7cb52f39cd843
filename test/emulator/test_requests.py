"""Invalid requests get the right status and a helpful message."""

from __future__ import annotations

import json
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import app, endpoints
from ubiops.emulator.core.description import operations
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.route import Route
from ubiops.emulator.routes import ROUTES

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path", ["/v2.1", "/v2.1/", "/v2.1/project", "/v3/projects/p/deployments", "/v2.1x/template-deployments"]
)
def test_an_unknown_path_is_not_found(api: Any, path: str) -> None:
    response = api.pool.request("GET", api.origin + path)
    assert response.status == 404
    assert response.headers["content-type"] == "application/json"
    assert "no path" in json.loads(response.data)["error"]
    assert "x-ratelimit-limit" in response.headers


@pytest.mark.parametrize("prefix", ["/v2.1", "/v2"])
def test_the_api_is_served_under_both_prefixes(api: Any, prefix: str) -> None:
    body = {"name": "d", "input_type": "plain", "output_type": "plain"}
    created = api.ok("POST", f"{prefix}{api.project}/deployments", body)
    assert [api.ok("GET", f"{other}{api.project}/deployments")[0]["id"] for other in ("/v2.1", "/v2")] == [
        created["id"]
    ] * 2


def test_an_operation_without_a_handler_is_not_implemented(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(HANDLERS, "deployments_update")
    with ubiops.emulator.start() as emulator:
        client = type(api)(emulator)
        path = client.deployment()
        for body in (b"{}", b"no json"):
            error = client.fails(501, "PATCH", path, body=body, headers=JSON)
            assert error == "The emulator does not support the operation deployments_update"
        assert client.ok("GET", path)["name"] == "d"
        assert "Authorization" in client.fails(401, "PATCH", path, token=None)


def test_an_operation_may_need_no_token(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(operations()["template_deployments_list"], "security", [])
    endpoints.compile_operation.cache_clear()
    try:
        with ubiops.emulator.start() as emulator:
            client = type(api)(emulator)
            assert client.ok("GET", "/template-deployments", token=None)
            client.fails(401, "GET", "/projects/p/deployments", token=None)
    finally:
        endpoints.compile_operation.cache_clear()


def test_a_literal_path_takes_precedence_over_a_parameter(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    literal = Route("POST", "/projects/{project_name}/deployments/templates", "template_deployments_list", 200)
    for routes in ((*ROUTES, literal), (literal, *ROUTES)):
        monkeypatch.setattr(app, "ROUTES", routes)
        with ubiops.emulator.start() as emulator:
            client = type(api)(emulator)
            path = client.deployment("templates")
            response = client.pool.request("POST", emulator.host + path, headers={"Authorization": "Token x"})
            assert json.loads(response.data)[0]["details"]
            # Methods that only the path with the parameter supports are handled there.
            assert client.ok("GET", path)["name"] == "templates"
            assert client.send("PUT", path).status == 405


def test_other_methods_of_a_path_are_not_allowed(api: Any) -> None:
    response = api.send("PUT", f"{api.project}/deployments")
    assert response.status == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert response.data == {"error": "PUT is not allowed here; this path accepts GET, HEAD, POST"}


@pytest.mark.parametrize(
    "name", ["a%2Fb", "a%252Fb", "%2e%2e", "a%20b", "%C3%A4", "a%3Fb%3Dc", "a%23b", "...", "a;b", "a%5Cb"]
)
def test_an_encoded_name_stays_one_path_segment(api: Any, name: str) -> None:
    assert api.fails(404, "GET", f"{api.project}/deployments/{name}") == "Deployment was not found"


def test_a_name_that_is_not_valid_utf_8_is_not_found(api: Any) -> None:
    assert "UTF-8" in api.fails(404, "GET", f"{api.project}/deployments/%FF")


def test_a_project_exists_as_soon_as_it_is_used(api: Any) -> None:
    for name in ("a", "a%20b", "a%2Fb", "%C3%A4", "x" * 1000):
        assert api.ok("GET", f"/projects/{name}/deployments") == []


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "No API token was given"),
        ("", "No API token was given"),
        ("Token", "nothing follows"),
        ("abc", "must start with 'Token '"),
        ("Basic abc", "must start with 'Token '"),
        ("Token Token abc", "the prefix is repeated"),
        ("Token a b", "a space"),
    ],
)
def test_a_malformed_token_is_unauthorized(api: Any, header: str | None, reason: str) -> None:
    response = api.send(
        "GET", "/template-deployments", headers={} if header is None else {"Authorization": header}, token=None
    )
    assert response.status == 401
    assert reason in response.data["error"]
    assert "abc" not in response.data["error"]
    assert response.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token abc", "token abc", "Bearer abc", "Token   abc "])
def test_any_token_is_accepted(api: Any, header: str) -> None:
    assert api.ok("GET", "/template-deployments", token=header)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"name": NaN}', "NaN"),
        (b'{"name": Infinity}', "Infinity"),
        (b'{"labels": 1e999}', "too large"),
        (b'{"name": "\\ud800"}', "not valid JSON"),
        (b'{"name": "a",}', "not valid JSON"),
        (b'"text"', "the body must be an object, not a string"),
        (b"null", "the body must be an object, not null"),
        (b"[" * 100_000, "not valid JSON|nested too deeply"),
        (b'{"a":' * 100_000, "not valid JSON|nested too deeply"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_rejected(api: Any, body: bytes, reason: str) -> None:
    error = api.fails(400, "POST", f"{api.project}/deployments", body=body, headers=JSON)
    assert any(part in error for part in reason.split("|"))


def test_json_may_start_with_a_byte_order_mark_and_needs_no_content_type(api: Any) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"name": "d", "input_type": "plain", "output_type": "plain"}).encode()
    assert api.ok("POST", f"{api.project}/deployments", body=body)["name"] == "d"


def test_the_size_of_a_body_is_limited(api: Any) -> None:
    body = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    assert "10,485,760 bytes" in api.fails(413, "POST", f"{api.project}/deployments", body=body, headers=JSON)


FIELD = {"name": "f", "data_type": "int"}
STRUCTURED = {"input_type": "structured", "output_type": "plain"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "name is required"),
        ({"name": "d"}, "input_type is required; output_type is required"),
        ({"name": "d", "input_type": "plain"}, "output_type is required"),
        ({"name": "", "labels": []}, "labels must be an object, not a list; name must not be empty"),
        ({"name": 5}, "name must be a string, not a number"),
        ({"name": None}, "name must be a string, not null"),
        ({"name": True}, "name must be a string, not true"),
        ({"name": "x" * 65}, "name must have at most 64 characters, it has 65"),
        ({"name": "a b"}, "name 'a b' is not a valid name"),
        ({"name": "a/b"}, "name 'a/b' is not a valid name"),
        ({"name": ".."}, "name '..' is not a valid name"),
        ({"input_type": "soup"}, 'input_type must be one of structured, plain, not "soup"'),
        ({"description": "x" * 401}, "description must have at most 400 characters, it has 401"),
        ({"labels": {"a": 1}}, "labels.a must be a string, not a number"),
        ({"labels": ["a"]}, "labels must be an object, not a list"),
        ({**STRUCTURED}, "input_fields is required, because input_type is structured"),
        ({"input_fields": [FIELD]}, "input_fields must be empty, because input_type is plain"),
        ({"output_fields": [FIELD]}, "output_fields must be empty, because output_type is plain"),
        ({**STRUCTURED, "input_fields": [FIELD, FIELD]}, "input_fields has more than one field with the name 'f'"),
        ({**STRUCTURED, "input_fields": [{"name": "f"}]}, "input_fields[0].data_type is required"),
        ({**STRUCTURED, "input_fields": [FIELD, 1]}, "input_fields[1] must be an object, not a number"),
        (
            {**STRUCTURED, "input_fields": [{**FIELD, "data_type": "long"}]},
            "input_fields[0].data_type must be one of",
        ),
        (
            {**STRUCTURED, "input_fields": [{**FIELD, "widget": {"type": "knob"}}]},
            "input_fields[0].widget.type must be one of",
        ),
        ({**STRUCTURED, "input_fields": [{**FIELD, "name": ""}] * 9}, "; and 4 more"),
    ],
)
def test_errors_name_the_invalid_field(api: Any, data: dict[str, Any], reason: str) -> None:
    whole = {"name": "d", "input_type": "plain", "output_type": "plain"}
    partial = "required" in reason and "because" not in reason and "[" not in reason
    error = api.fails(400, "POST", f"{api.project}/deployments", data if partial else {**whole, **data})
    assert reason in error
    assert api.ok("GET", f"{api.project}/deployments") == []


def test_each_invalid_field_is_reported_once(api: Any) -> None:
    data = {"name": None, "input_type": 5, "output_type": "plain"}
    error = api.fails(400, "POST", f"{api.project}/deployments", data)
    assert error == "input_type must be a string or null, not a number; name must be a string, not null"
    data = {"name": "", "value": "", "secret": False}
    assert api.fails(400, "POST", f"{api.deployment()}/environment-variables", data) == "name must not be empty"


def test_unknown_fields_and_parameters_are_ignored(api: Any) -> None:
    data = {"name": "d", "input_type": "plain", "output_type": "plain", "from_the_future": [1]}
    assert "from_the_future" not in api.ok("POST", f"{api.project}/deployments?also=this", data)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("action=destroy", 'action must be one of create, update, delete, info, not "destroy"'),
        ("limit=ten", 'limit must be an integer, not "ten"'),
        ("limit=-1", "limit must be 0 or more, not -1"),
        ("limit=1.5", 'limit must be an integer, not "1.5"'),
        ("offset=", 'offset must be an integer, not ""'),
        ("action=%FF", "the query is not encoded in UTF-8"),
    ],
)
def test_query_parameters_are_validated(api: Any, query: str, reason: str) -> None:
    assert api.fails(400, "GET", f"{api.deployment()}/audit?{query}") == reason


def test_an_internal_error_is_reported_without_details(api: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from ubiops.emulator.areas.deployments import templates

    monkeypatch.setattr(templates, "TEMPLATES", None)
    assert api.fails(500, "GET", "/template-deployments") == "Internal server error"
    assert "NoneType" in caplog.text
