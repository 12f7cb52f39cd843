"""The cost of a request in counts: segments, bytes, connections and function calls."""

from __future__ import annotations

import json
import threading

import pytest
import urllib3
from counting import Sent, function_calls
from scripted import TOKEN, Wire, client_of, reply

import ubiops

DEPLOYMENT = {"name": "d", "input_type": "plain", "output_type": "plain"}
RESPONSE = reply(200, DEPLOYMENT)


def test_a_small_request_is_sent_in_one_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent(monkeypatch)
    with Wire([RESPONSE]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        api.deployments_get("p", "d")
        for _ in range(3):
            api.deployments_create("p", DEPLOYMENT)
        api.deployments_create("p", ubiops.DeploymentCreate(**DEPLOYMENT))
        api.deployments_delete("p", "d")
    assert len(sent.pieces) == 6
    assert [piece.split(b" ", 1)[0] for piece in sent.pieces] == [b"GET", *[b"POST"] * 4, b"DELETE"]
    assert all(json.loads(piece.partition(b"\r\n\r\n")[2]) == DEPLOYMENT for piece in sent.pieces[1:5])


def test_the_first_request_with_a_body_is_sent_in_one_segment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent(monkeypatch)
    with Wire([RESPONSE]) as server, client_of(server) as client:
        ubiops.CoreApi(client).deployments_create("p", DEPLOYMENT)
    assert len(sent.pieces) == 1


def test_a_request_has_no_unnecessary_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent(monkeypatch)
    with Wire([RESPONSE]) as server, client_of(server) as client:
        ubiops.CoreApi(client).deployments_get("p", "d")
    head = sent.pieces[0].decode()
    lines = head.splitlines()
    assert {line.partition(":")[0].lower() for line in lines[1:] if line} == {
        "accept",
        "accept-encoding",
        "authorization",
        "host",
        "user-agent",
    }
    assert len(head) - len(TOKEN) <= 220


def test_consecutive_calls_share_a_connection() -> None:
    with Wire([RESPONSE]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        for _ in range(100):
            api.deployments_get("p", "d")
        assert server.connections == 1


def test_there_are_no_more_connections_than_threads() -> None:
    threads = 16
    failures = []
    with Wire([RESPONSE]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        begin = threading.Barrier(threads)

        def work() -> None:
            try:
                begin.wait(20)
                for _ in range(20):
                    api.deployments_get("p", "d")
            except BaseException as error:
                failures.append(error)

        running = [threading.Thread(target=work) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(60)
        assert not failures
        assert server.connections <= threads


def test_a_small_call_takes_no_more_function_calls_than_bare_urllib3() -> None:
    with Wire([RESPONSE]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        pool = urllib3.HTTPConnectionPool("127.0.0.1", server.port)
        headers = {"Accept": "application/json", "Authorization": f"Token {TOKEN}", "User-Agent": "bare"}

        def bare() -> None:
            response = pool.request("GET", "/v2.1/projects/p/deployments/d", headers=headers)
            json.loads(response.data)

        def call() -> None:
            api.deployments_get("p", "d")

        for work in (bare, call):
            for _ in range(3):
                work()
        mine, floor = function_calls(call), function_calls(bare)
        pool.close()
    assert mine <= floor * 1.05, (mine, floor)


def test_the_cost_of_a_call_does_not_grow_with_the_number_of_calls() -> None:
    with Wire([RESPONSE]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        for _ in range(5):
            api.deployments_get("p", "d")
        early = function_calls(lambda: api.deployments_get("p", "d"))
        for _ in range(300):
            api.deployments_get("p", "d")
        assert function_calls(lambda: api.deployments_get("p", "d")) == early
