"""Clients in other processes: after a fork, or unpickled."""

from __future__ import annotations

import concurrent.futures
import copy
import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from other_process import call_there, call_with_token, fail_there
from scripted import TOKEN, Peer, WireFor, call, reply

import ubiops

ROOT = Path(__file__).resolve().parent.parent.parent

FORK = """
import os, sys, threading, warnings
sys.path[:0] = [os.getcwd(), os.path.join(os.getcwd(), "test", "support")]
import ubiops
from scripted import call

warnings.simplefilter("ignore")
configuration = ubiops.Configuration(host=sys.argv[1], api_key={"Authorization": "Token x"}, proxy="")
configuration.ssl_ca_cert = sys.argv[2] or None
client = ubiops.ApiClient(configuration, pool_threads=2)
PREPARE
children = []
for _ in range(3):
    child = os.fork()
    if not child:
        try:
            for _ in range(5):
                assert call(client) == [1]
            CHILD
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    children.append(child)
for _ in range(5):
    assert call(client) == [1]
for child in children:
    assert os.waitpid(child, 0)[1] == 0
assert call(client) == [1]
PARENT
print("fine")
"""


def run_forking(host: str, certificate: str = "", *, prepare: str = "", child: str = "", parent: str = "") -> None:
    code = FORK.replace("PREPARE", prepare).replace("CHILD", child or "pass").replace("PARENT", parent)
    done = subprocess.run(
        [sys.executable, "-c", code, host, certificate],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stdout + done.stderr


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_after_a_fork_each_process_has_its_own_connections(tls: bool, wire: WireFor, certificates: Any) -> None:
    server = wire(reply(200, [1]), context=certificates.good if tls else None)
    run_forking(server.host, certificates.authority_file, prepare="assert call(client) == [1]")
    assert server.connections == 4
    assert len(server.requests) == 1 + 3 * 5 + 5 + 1
    # Only the parent used its connection, from the first request to the last.
    assert [request.connection for request in server.requests].count(1) == 7


def test_an_unused_client_can_be_forked(wire: WireFor) -> None:
    server = wire(reply(200, [1]))
    run_forking(server.host)
    assert server.connections == 4


def test_after_a_fork_background_calls_run_in_threads_of_the_child(wire: WireFor) -> None:
    background = "assert call(client, async_req=True).get(20) == [1]"
    run_forking(
        wire(reply(200, [1])).host, prepare=background, child=f"{background}; client.close()", parent=background
    )


def test_a_fork_while_another_thread_holds_the_locks_does_not_block_the_child(wire: WireFor) -> None:
    """The thread that would release the locks does not exist in the child."""
    prepare = (
        "held = threading.Event(), threading.Event()\n"
        "def hold():\n"
        "    with client.rest_client._lock, client._lock:\n"
        "        held[0].set(); held[1].wait(20)\n"
        "threading.Thread(target=hold, daemon=True).start(); held[0].wait(20)\n"
        "os.register_at_fork(after_in_parent=held[1].set)\n"
    )
    run_forking(wire(reply(200, [1])).host, prepare=prepare, child="assert call(client, async_req=True).get(20) == [1]")


def test_a_client_is_pickled_without_its_token_and_works_when_it_is_loaded(
    wire: WireFor, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = wire(reply(200, [1]))
    client = client_for(
        server, proxy_headers={"Proxy-Authorization": "hidden-0"}, refresh_api_key_hook=lambda configuration: None
    )
    client.set_default_header("X-Secret", "hidden-1")
    client.cookie = "hidden-2"
    call(client)
    data = pickle.dumps(client)
    assert TOKEN.encode() not in data
    assert b"hidden" not in data
    there = pickle.loads(data)
    try:
        assert there.configuration.api_key == {}
        monkeypatch.setenv("UBIOPS_API_TOKEN", "Token of-the-other-side")
        with pickle.loads(data) as again:
            assert call(again) == [1]
        assert server.requests[-1].headers["authorization"] == "Token of-the-other-side"
        there.configuration.api_key["Authorization"] = "set-again"
        assert call(there) == [1]
        assert server.requests[-1].headers["authorization"] == "Token set-again"
    finally:
        there.close()


def test_neither_a_proxy_password_nor_its_mask_is_pickled() -> None:
    configuration = ubiops.Configuration(proxy="http://user:pa@ss@127.0.0.1:3128")
    there = pickle.loads(pickle.dumps(configuration))
    assert there.proxy == "http://127.0.0.1:3128"


def test_settings_without_secrets_are_pickled(wire: WireFor, client_for: Any) -> None:
    client = client_for(wire(reply()), max_retries=1, connect_timeout=2, read_timeout=None, pool_threads=3)
    client.user_agent = "mine/1"
    api = pickle.loads(pickle.dumps(ubiops.CoreApi(client)))
    there = api.api_client
    assert (there.user_agent, there.pool_threads) == ("mine/1", 3)
    for name in ("host", "max_retries", "connect_timeout", "read_timeout", "verify_ssl"):
        assert getattr(there.configuration, name) == getattr(client.configuration, name)
    for made in (copy.copy(client), copy.deepcopy(client)):
        assert made is not client
        assert made.rest_client is not client.rest_client


def test_a_process_pool_accepts_clients_and_returns_errors_and_models(
    wire: WireFor, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with process pools, dask, ray and spark, the worker only gets the pickle."""

    def respond(peer: Peer) -> None:
        if "authorization" in peer.read_request().headers:
            peer.send(reply(200, {"name": "d", "creation_date": "2020-05-12T16:23:15Z"}))
        else:
            peer.send(reply(401, {"error": "No"}))

    api = ubiops.CoreApi(client_for(wire(respond)))
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        what, text = pool.submit(call_there, api).result(60)
        assert what == "UnauthorizedError"
        assert "no API token was sent: this client was unpickled, and a pickle never contains the token" in text
        assert pool.submit(call_with_token, api, "x").result(60) == ("value", "d")
        with pytest.raises(ubiops.UnauthorizedError) as caught:
            pool.submit(fail_there, api).result(60)
        assert (caught.value.status, caught.value.message, caught.value.method) == (401, "No", "GET")
        assert caught.value.headers is not None
        assert caught.value.headers["content-type"] == "application/json"
    monkeypatch.setenv("UBIOPS_API_TOKEN", "x")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        found = pool.submit(fail_there, api).result(60)
    assert found == api.deployments_get("p", "d")


def test_a_client_whose_lock_is_held_can_be_pickled(wire: WireFor, client_for: Any) -> None:
    client = client_for(wire(reply(200, [1])))
    lock: threading.Lock = client._lock
    with lock:
        assert pickle.loads(pickle.dumps(client)).configuration.host == client.configuration.host
