"""Faults of the server, for each kind of operation: every one ends in a typed error
that says which request failed, closes its connection, and is retried only if that is
safe.

The operations and their arguments are chosen from the description.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from contract.calls import arguments_of
from contract.operations import EVENTS, FORM, JSON, TEXT, Contract, contracts
from contract.server import content_of, responses
from scripted import TOKEN, WireFor, reply, silence, then_close, then_reset, then_silence

import ubiops

CONTRACTS = contracts("v2.1")


def first(condition: Any) -> Contract:
    return next(one for one in CONTRACTS if not one.elsewhere and condition(one))


def returns(contract: Contract) -> str:
    """Returns what kind of response an operation has."""
    if contract.response is None:
        return "nothing"
    media_type, media = contract.response
    if media_type == JSON:
        return "list" if "items" in media.schema else "object"
    return "stream" if media_type == EVENTS else "file"


KINDS: dict[str, Contract] = {
    "GET of an object": first(lambda one: one.method == "GET" and returns(one) == "object"),
    "list": first(lambda one: one.method == "GET" and returns(one) == "list" and len(one.placed("query")) > 2),
    "POST of JSON": first(
        lambda one: one.method == "POST" and [*one.body] == [JSON] and "properties" in one.body[JSON].schema
    ),
    "POST of text": first(lambda one: TEXT in one.body and returns(one) == "object"),
    "PATCH": first(lambda one: one.method == "PATCH"),
    "DELETE": first(lambda one: one.method == "DELETE" and returns(one) == "nothing"),
    "form": first(lambda one: FORM in one.body),
    "file up": first(lambda one: FORM in one.body and one.operation_id == "revisions_file_upload"),
    "file down": first(lambda one: returns(one) == "file"),
    "stream": first(lambda one: returns(one) == "stream"),
}
IDEMPOTENT = {kind for kind, one in KINDS.items() if one.method in ("GET", "PUT", "DELETE")}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_kind_with_a_response = pytest.mark.parametrize(
    "kind", [kind for kind, one in KINDS.items() if returns(one) != "nothing"]
)


def make(kind: str, client: Any, **options: Any) -> Any:
    """Calls the operation of a kind, and reads all that it returns."""
    contract = KINDS[kind]
    arguments = arguments_of(contract)
    if kind == "POST of text":
        chosen = next(one for one in arguments if isinstance(one.named["data"], str))
    elif kind == "form":
        chosen = next(one for one in arguments if "file" not in one.named)
    else:
        chosen = arguments[0]
    result = getattr(ubiops.CoreApi(client), contract.operation_id)(**chosen.named, **options)
    if returns(contract) == "stream":
        with result:
            return [event.data for event in result]
    if returns(contract) == "file":
        with result:
            return result.read()
    return result


def success(kind: str) -> bytes:
    contract = KINDS[kind]
    body = content_of(contract, next(iter(responses(contract).values())))
    return reply(contract.status, body, f"Content-Type: {contract.response[0] if contract.response else JSON}")


def check(error: Any, kind: str) -> None:
    """Checks what every error says."""
    contract = KINDS[kind]
    assert error.method == contract.method
    assert "/v2.1/" in error.url
    assert error.attempts
    assert TOKEN not in str(error) + repr(vars(error))


@every_kind
def test_a_call_succeeds(kind: str, wire: WireFor, client_for: Any) -> None:
    server = wire(success(kind))
    make(kind, client_for(server))
    assert [one.method for one in server.requests] == [KINDS[kind].method]


@every_kind
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
def test_an_error_status_becomes_its_exception(kind: str, status: int, wire: WireFor, client_for: Any) -> None:
    server = wire(reply(status, {"error": "that is why"}))
    with pytest.raises(ubiops.ApiRequestError, match="that is why") as caught:
        make(kind, client_for(server, max_retries=0))
    assert caught.value.status == status
    assert type(caught.value) is not ubiops.ApiRequestError
    check(caught.value, kind)
    assert len(server.requests) == 1


@every_kind
@pytest.mark.parametrize("fault", [then_close(), then_reset()], ids=["closed", "reset"])
def test_a_connection_that_breaks_before_the_response_is_retried_if_that_is_safe(
    kind: str, fault: Any, wire: WireFor, client_for: Any, clock: Any
) -> None:
    server = wire(fault, fault, fault, success(kind))
    client = client_for(server, max_retries=3)
    if kind in IDEMPOTENT:
        make(kind, client)
        assert len(server.requests) == 4
        return
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        make(kind, client)
    check(caught.value, kind)
    assert len(server.requests) == 1


@every_kind
def test_a_rejected_request_is_retried_whatever_it_is(kind: str, wire: WireFor, client_for: Any, clock: Any) -> None:
    server = wire(reply(429, {"error": "slow down"}, "x-ratelimit-reset: 1"), success(kind))
    make(kind, client_for(server))
    first_body, second_body = (one.body for one in server.requests)
    assert first_body == second_body
    assert clock.waits


@every_kind
def test_an_overloaded_server_is_asked_again_if_that_is_safe(
    kind: str, wire: WireFor, client_for: Any, clock: Any
) -> None:
    server = wire(reply(503, {"error": "overloaded"}), success(kind))
    if kind in IDEMPOTENT:
        make(kind, client_for(server))
    else:
        with pytest.raises(ubiops.ServerError, match="overloaded"):
            make(kind, client_for(server))
    assert len(server.requests) == (2 if kind in IDEMPOTENT else 1)


@every_kind_with_a_response
def test_a_response_that_is_cut_off_is_an_error(kind: str, wire: WireFor, client_for: Any, clock: Any) -> None:
    whole = success(kind)
    server = wire(then_close(whole[:-1]))
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        make(kind, client_for(server, max_retries=0))
    assert caught.value.method == KINDS[kind].method
    server.wait_until_left()


@every_kind
def test_a_silent_server_is_given_up(kind: str, wire: WireFor, client_for: Any) -> None:
    server = wire(silence)
    with pytest.raises(ubiops.ApiTimeoutError) as caught:
        make(kind, client_for(server, max_retries=0), _request_timeout=0.2)
    check(caught.value, kind)
    server.wait_until_left()


@every_kind_with_a_response
def test_a_server_that_falls_silent_is_given_up(kind: str, wire: WireFor, client_for: Any) -> None:
    server = wire(then_silence(success(kind)[:-1]))
    with pytest.raises(ubiops.ApiTimeoutError) as caught:
        make(kind, client_for(server, max_retries=0), _request_timeout=0.3)
    assert caught.value.method == KINDS[kind].method
    server.wait_until_left()


@pytest.mark.parametrize("kind", [kind for kind, one in KINDS.items() if returns(one) in ("object", "list")])
@pytest.mark.parametrize("body", [b"<html>proxy</html>", b"5", b'"text"', b'{"a": ', b"[5]"])
def test_a_body_of_another_shape_is_an_error(kind: str, body: bytes, wire: WireFor, client_for: Any) -> None:
    server = wire(reply(200, body))
    with pytest.raises(ubiops.InvalidResponseError) as caught:
        make(kind, client_for(server))
    assert caught.value.method == KINDS[kind].method
    assert len(server.requests) == 1


@every_kind
def test_no_server_is_an_error(kind: str, client_for: Any) -> None:
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        make(kind, client_for("http://127.0.0.1:1/v2.1", max_retries=0))
    check(caught.value, kind)


def test_a_broken_file_is_not_saved(wire: WireFor, client_for: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    contract = KINDS["file down"]
    server = wire(then_close(success("file down")[:-1]))
    method = getattr(ubiops.CoreApi(client_for(server, max_retries=0)), contract.operation_id)
    with pytest.raises(ubiops.ApiConnectionError):
        method(**arguments_of(contract)[0].named, _preload_content=True)
    assert list(tmp_path.iterdir()) == []


def test_the_kinds_differ() -> None:
    assert len({one.operation_id for kind, one in KINDS.items() if kind != "form"}) == len(KINDS) - 1
