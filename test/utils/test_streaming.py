"""Streamed requests: partial results as they arrive, and every kind of failure."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from contract.operations import contracts
from contract.server import ContractServer, content_of, responses
from scripted import Wire, chunked, client_of, reply, then_close

import ubiops
from ubiops.exceptions import UbiOpsException
from ubiops.utils import stream_deployment_request, stream_pipeline_request

STREAM = "Content-Type: text/event-stream"
UPDATES = b"event: update\ndata:Hello\n\nevent: update\ndata: world\n\n"
ENDED = b'{"id": "1", "status": "completed", "error_message": null}'
BOTH = pytest.mark.parametrize("function", [stream_deployment_request, stream_pipeline_request])


@BOTH
@pytest.mark.parametrize("version", [None, "v1"])
@pytest.mark.parametrize("data", ["text", {"a": 1}, [{"a": 1}]])
def test_partial_results_are_returned(function: Any, version: str | None, data: Any) -> None:
    with Wire([chunked(UPDATES[:20], UPDATES[20:], ENDED, headers=[STREAM])]) as wire, client_of(wire) as client:
        assert "".join(function(client, "project-1", "name-1", version, data, timeout=5)) == "Hello world"
        (request,) = wire.requests
    kind = "deployments" if function is stream_deployment_request else "pipelines"
    place = f"/v2.1/projects/project-1/{kind}/name-1{'/versions/v1' if version else ''}/requests/stream"
    assert request.target == f"{place}?timeout=5"
    assert request.headers["accept"] == "text/event-stream"
    assert request.body.decode() == data if isinstance(data, str) else json.loads(request.body) == data


@BOTH
def test_the_ended_request_comes_last_if_it_is_wanted(function: Any) -> None:
    with Wire([reply(200, UPDATES + ENDED, STREAM)]) as wire, client_of(wire) as client:
        *_, last = function(ubiops.CoreApi(client), "p", "n", data="text", full_response=True)
    assert isinstance(last, (ubiops.DeploymentRequestCreateResponse, ubiops.PipelineRequestCreateResponse))
    assert last.status == "completed"


@BOTH
def test_a_failed_request_raises_after_its_partial_results(function: Any) -> None:
    body = UPDATES + b'{"id": "1", "error_message": "no such station"}\n'
    with Wire([reply(200, body, STREAM)]) as wire, client_of(wire) as client:
        results = function(client, "p", "n", data="text")
        assert [next(results), next(results)] == ["Hello", " world"]
        with pytest.raises(UbiOpsException, match="Request failed with error message: no such station") as caught:
            next(results)
    assert isinstance(caught.value, ubiops.StatusError)
    assert caught.value.resource.id == "1"
    assert (caught.value.status, caught.value.message, caught.value.project_name) == ("failed", "no such station", "p")


@BOTH
@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_request_that_does_not_succeed_raises_without_a_message_too(function: Any, status: str) -> None:
    body = f'{{"id": "1", "status": "{status}", "error_message": null}}\n'.encode()
    raised = pytest.raises(ubiops.StatusError, match=f"Request {status}")
    with Wire([reply(200, body, STREAM)]) as wire, client_of(wire) as client, raised as caught:
        list(function(client, "p", "n", "v", data="text"))
    assert caught.value.version == "v"


@BOTH
def test_a_stream_without_the_ended_request_is_an_error_if_it_is_wanted(function: Any) -> None:
    with Wire([reply(200, UPDATES, STREAM)]) as wire, client_of(wire) as client:
        assert list(function(client, "p", "n", data="text")) == ["Hello", " world"]
        results = function(client, "p", "n", data="text", full_response=True)
        assert [next(results), next(results)] == ["Hello", " world"]
        with pytest.raises(ubiops.InvalidResponseError, match="the stream ended without the"):
            next(results)


@BOTH
def test_a_chunk_may_arrive_in_pieces(function: Any) -> None:
    text = "event: update\ndata: a é\n\nevent: update\r\ndata:two\r\ndata:lines\r\n\r\n: ping\nid: 5\nretry: 10\n"
    pieces = [bytes([byte]) for byte in text.encode() + ENDED]
    with Wire([chunked(*pieces, headers=[STREAM])]) as wire, client_of(wire) as client:
        *results, last = function(client, "p", "n", data="text", full_response=True)
    assert results == [" a é", "two\nlines"]
    assert last.status == "completed"


@BOTH
def test_it_waits_as_long_as_the_request_may_take(function: Any) -> None:
    def late(peer: Any) -> None:
        peer.read_request()
        time.sleep(0.6)
        peer.send(reply(200, UPDATES + ENDED, STREAM))

    with Wire([late]) as wire, client_of(wire, read_timeout=0.2) as client:
        assert len(list(function(client, "p", "n", data="text", timeout=10))) == 2


@BOTH
def test_a_rejected_request_is_sent_again(function: Any) -> None:
    rejected = reply(429, {"error": "slow down"}, "Retry-After: 0")
    with Wire([rejected, reply(200, UPDATES + ENDED, STREAM)]) as wire, client_of(wire) as client:
        assert len(list(function(client, "p", "n", data="text"))) == 2


@BOTH
def test_failed_calls_raise(function: Any) -> None:
    missing = reply(404, {"error": "no such deployment"})
    with Wire([missing]) as wire, client_of(wire) as client, pytest.raises(ubiops.NotFoundError, match="no such"):
        list(function(client, "p", "n", data="text"))
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\n" + UPDATES
    with Wire([then_close(cut)]) as wire, client_of(wire) as client:
        with pytest.raises(ubiops.ApiConnectionError):
            list(function(client, "p", "n", data="text"))
        with pytest.raises(ubiops.ApiValueError, match="needs a value for 'data'"):
            list(function(client, "p", "n"))
        with pytest.raises(ubiops.ApiTypeError, match="'client' must be an ApiClient or a CoreApi"):
            list(function(wire, "p", "n", data="text"))


@BOTH
def test_leaving_the_loop_closes_the_connection(function: Any) -> None:
    with Wire([chunked(UPDATES, headers=[STREAM], end=b"")]) as wire, client_of(wire) as client:
        for result in function(client, "p", "n", data="text"):
            assert result == "Hello"
            break
        wire.wait_until_left()


def test_both_fit_the_description() -> None:
    by_id = {one.operation_id: one for one in contracts("v2")}
    with ContractServer() as server, client_of(server.host("v2")) as client:
        for function, name in ((stream_deployment_request, "deployment"), (stream_pipeline_request, "pipeline")):
            contract = by_id[f"{name}_requests_stream"]
            expected = content_of(contract, next(iter(responses(contract).values()))).decode()
            found = list(function(client, "p", "n", data={"a": 1}, full_response=True))  # type: ignore[operator]
            assert [f"data:{one}" for one in found[:-1]] == [
                line for line in expected.splitlines() if line.startswith("data:")
            ]
            assert found[-1].to_dict()["status"] == "completed"
