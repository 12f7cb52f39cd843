"""What is wrong with a request is said with the right status, in words that help."""

from __future__ import annotations

import json
from typing import Any

import pytest

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path", ["", "/", "/v2.1/", "/v2.1/projects", "/v3/projects/p/deployments", "/v2.1x/template-deployments"]
)
def test_what_is_no_path_of_the_api_is_not_found(api: Any, path: str) -> None:
    response = api.pool.request("GET", api.origin + path)
    assert response.status == 404
    assert response.headers["content-type"] == "application/json"
    assert "no path" in json.loads(response.data)["error"]
    assert "x-ratelimit-limit" in response.headers


def test_a_path_takes_certain_methods_only(api: Any) -> None:
    answer = api.send("PUT", f"{api.project}/deployments")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.data == {"error": "PUT is not allowed here; this path accepts GET, POST"}


@pytest.mark.parametrize(
    "name", ["a%2Fb", "a%252Fb", "%2e%2e", "a%20b", "%C3%A4", "a%3Fb%3Dc", "a%23b", "...", "a;b", "a%5Cb"]
)
def test_an_encoded_name_stays_one_name(api: Any, name: str) -> None:
    assert api.fails(404, "GET", f"{api.project}/deployments/{name}") == "Deployment was not found"


def test_a_name_that_is_not_in_utf_8_is_not_found(api: Any) -> None:
    assert "UTF-8" in api.fails(404, "GET", f"{api.project}/deployments/%FF")


def test_a_project_exists_as_soon_as_it_is_named(api: Any) -> None:
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
def test_a_token_has_to_have_its_form(api: Any, header: str | None, reason: str) -> None:
    answer = api.send(
        "GET", "/template-deployments", headers={} if header is None else {"Authorization": header}, token=None
    )
    assert answer.status == 401
    assert reason in answer.data["error"]
    assert "abc" not in answer.data["error"]
    assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token abc", "token abc", "Bearer abc", "Token   abc "])
def test_any_token_will_do(api: Any, header: str) -> None:
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
def test_what_is_no_json_object_is_refused(api: Any, body: bytes, reason: str) -> None:
    error = api.fails(400, "POST", f"{api.project}/deployments", body=body, headers=JSON)
    assert any(part in error for part in reason.split("|"))


def test_json_may_begin_with_a_byte_order_mark_and_needs_no_content_type(api: Any) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"name": "d", "input_type": "plain", "output_type": "plain"}).encode()
    assert api.ok("POST", f"{api.project}/deployments", body=body)["name"] == "d"


def test_a_body_has_its_limit(api: Any) -> None:
    body = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    assert "10,485,760 bytes" in api.fails(413, "POST", f"{api.project}/deployments", body=body, headers=JSON)


FIELD = {"name": "f", "data_type": "int"}
STRUCTURED = {"input_type": "structured", "output_type": "plain"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "name is required; input_type is required; output_type is required"),
        ({"name": "d", "input_type": "plain"}, "output_type is required"),
        ({"name": "", "output_type": "plain"}, "input_type is required; name must not be empty"),
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
def test_the_field_that_breaks_a_rule_is_named(api: Any, data: dict[str, Any], reason: str) -> None:
    whole = {"name": "d", "input_type": "plain", "output_type": "plain"}
    partial = "required" in reason and "because" not in reason and "[" not in reason
    error = api.fails(400, "POST", f"{api.project}/deployments", data if partial else {**whole, **data})
    assert reason in error
    assert api.ok("GET", f"{api.project}/deployments") == []


def test_a_field_that_breaks_several_rules_is_told_once(api: Any) -> None:
    data = {"name": None, "input_type": None, "output_type": "plain"}
    error = api.fails(400, "POST", f"{api.project}/deployments", data)
    assert error == "input_type must be a string, not null; name must be a string, not null"
    data = {"name": "", "value": "", "secret": False}
    assert api.fails(400, "POST", f"{api.deployment()}/environment-variables", data) == "name must not be empty"


def test_what_the_description_does_not_know_is_let_pass(api: Any) -> None:
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
def test_parameters_of_the_query_are_checked(api: Any, query: str, reason: str) -> None:
    assert api.fails(400, "GET", f"{api.deployment()}/audit?{query}") == reason


def test_a_fault_of_its_own_is_told_without_details(api: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from ubiops.emulator.areas.deployments import templates

    monkeypatch.setattr(templates, "TEMPLATES", None)
    assert api.fails(500, "GET", "/template-deployments") == "Internal server error"
    assert "NoneType" in caplog.text
