"""Options of one call: retries, headers and the query string."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest
from scripted import reply, then_close

import ubiops

SECRET = "hunter2-hunter2"


# --- retries --------------------------------------------------------------------------


@pytest.mark.parametrize(("configured", "given", "attempts"), [(0, 2, 3), (3, 0, 1), (1, None, 2), (3, 1, 2)])
def test_max_retries_of_a_call_takes_precedence(
    configured: int, given: int | None, attempts: int, wire: Any, client_for: Any, clock: Any
) -> None:
    server = wire(reply(503))
    client = client_for(server, max_retries=configured)
    for make in (
        lambda: ubiops.CoreApi(client).deployments_list("p", _max_retries=given),
        lambda: client.call_api("/x", "GET", _max_retries=given),
    ):
        before = len(server.requests)
        with pytest.raises(ubiops.ServerError):
            make()
        assert len(server.requests) - before == attempts


@pytest.mark.parametrize("value", [-1, True, 1.5, "2"])
def test_a_number_of_retries_is_validated(value: Any, wire: Any, client_for: Any) -> None:
    server = wire(reply(200, []))
    with pytest.raises(ubiops.ApiValueError, match="_max_retries must be a non-negative integer"):
        ubiops.CoreApi(client_for(server)).deployments_list("p", _max_retries=value)
    assert server.requests == []


# --- headers --------------------------------------------------------------------------


def test_headers_of_a_call_take_precedence_over_those_of_the_client(wire: Any, client_for: Any) -> None:
    server = wire(reply(200, []))
    client = client_for(server)
    client.set_default_header("X-Team", "one")
    api = ubiops.CoreApi(client)
    api.deployments_list("p", _headers={"x-team": "two", "X-More": b"bytes", "X-None": None, "Accept": "text/plain"})
    api.deployments_list("p")
    client.call_api("/x", "GET", header_params={"X-A": "1", "X-B": "1"}, _headers={"X-B": "2"})
    first, second, third = (request.headers for request in server.requests)
    assert (first["x-team"], first["x-more"], first["accept"]) == ("two", "bytes", "text/plain")
    assert "x-none" not in first
    assert second["x-team"] == "one"
    assert "x-more" not in second
    assert (third["x-a"], third["x-b"]) == ("1", "2")


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        ("X: y", ubiops.ApiTypeError, "_headers must be a dict, got str"),
        ([("X", "y")], ubiops.ApiTypeError, "_headers must be a dict, got list"),
        ({"X": f"{SECRET}\n"}, ubiops.ApiValueError, "control characters"),
        ({"X": 5}, ubiops.ApiTypeError, "the header X must be a string, got int"),
        ({"a b": SECRET}, ubiops.ApiValueError, "not a valid header name"),
        ({"Content-Length": "5"}, ubiops.ApiValueError, "set by the client itself"),
    ],
)
def test_headers_are_validated(value: Any, error: Any, said: str, wire: Any, client_for: Any) -> None:
    server = wire(reply(200, []))
    client = client_for(server)
    for make in (
        lambda: ubiops.CoreApi(client).deployments_list("p", _headers=value),
        lambda: client.call_api("/x", "GET", _headers=value),
    ):
        with pytest.raises(error, match=said) as caught:
            make()
        assert SECRET not in str(caught.value)
    assert server.requests == []


def test_headers_of_a_call_are_shown_nowhere(wire: Any, client_for: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ubiops")
    client = client_for(wire(reply(404, {"error": "no"})))
    api: Any = ubiops.CoreApi(client)
    given = {"X-Key": SECRET}
    for make in (
        lambda: api.deployments_list("p", _headers=given),
        lambda: api.deployments_list_with_http_info("p", _headers=given),
        lambda: client.call_api("/x", "GET", _headers=given),
    ):
        with pytest.raises(ubiops.NotFoundError) as caught:
            make()
        assert SECRET not in f"{caught.value}{vars(caught.value)}"
        for frame, _ in traceback.walk_tb(caught.value.__traceback__):
            if "/ubiops/" in frame.f_code.co_filename:
                assert SECRET not in repr(frame.f_locals), frame.f_code
    assert SECRET not in caplog.text


# --- query ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "query"),
    [
        ({"new": True, "n": 5, "none": None}, "new=true&n=5"),
        ([("a", "1"), ("a", "2 3")], "a=1&a=2%203"),
        ({"a&b": "c=d"}, "a%26b=c%3Dd"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_query_of_a_call_is_added(value: Any, query: str, wire: Any, client_for: Any) -> None:
    server = wire(reply(200, []))
    client = client_for(server)
    api = ubiops.CoreApi(client)
    api.deployments_list("p", _query=value)
    api.deployments_list("p", labels="x", _query=value)
    client.call_api("/x", "GET", query_params={"y": 1}, _query=value)
    found = [request.target.partition("?")[2] for request in server.requests]
    assert found == [query, "&".join(filter(None, ("labels=x", query))), "&".join(filter(None, ("y=1", query)))]


@pytest.mark.parametrize("value", ["a=b", 5, [("a",)], {5: "a"}, {"a": object()}, {"a": ["b"]}])
def test_the_query_of_a_call_is_validated(value: Any, wire: Any, client_for: Any) -> None:
    server = wire(reply(200, []))
    with pytest.raises(ubiops.ApiTypeError):
        ubiops.CoreApi(client_for(server)).deployments_list("p", _query=value)
    assert server.requests == []


def test_secrets_in_a_query_are_masked_in_messages_and_logs(
    wire: Any, client_for: Any, caplog: pytest.LogCaptureFixture, clock: Any
) -> None:
    caplog.set_level(logging.DEBUG, "ubiops")
    server = wire(then_close(), reply(404, {"error": "no"}))
    with pytest.raises(ubiops.NotFoundError) as caught:
        ubiops.CoreApi(client_for(server)).deployments_list(
            "p", _query={"n": 1, "api_token": SECRET, "X-Signature": SECRET}
        )
    assert server.requests[-1].target.count(SECRET) == 2
    assert caught.value.url is not None
    assert caught.value.url.endswith("?n=1&api_token=***&X-Signature=***")
    assert SECRET not in f"{caught.value}{caplog.text}"


def test_request_stream_is_accepted_and_ignored(wire: Any, client_for: Any) -> None:
    api = ubiops.CoreApi(client_for(wire(reply(200, []))))
    assert api.deployments_list("p", _request_stream=True) == []
