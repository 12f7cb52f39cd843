"""Requests that come from web pages, or that no honest client sends, are refused."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.guard import check_hosts


def address(emulator: Emulator) -> tuple[str, int]:
    host, _, port = emulator.host.partition("//")[2].partition("/")[0].rpartition(":")
    return host, int(port)


def get(emulator: Emulator, path: str = "/v2.1/projects/p/deployments", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*address(emulator), timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": "Token x", **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def exchange(emulator: Emulator, request: bytes) -> tuple[bytes, Any, bool]:
    """Sends bytes; returns the status line, the body, and whether the server closes."""
    with socket.create_connection(address(emulator), timeout=60) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        body = json.loads(response.read())
        line = b"%d" % response.status
        return line, body, response.getheader("connection") == "close"


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[Emulator]:
    """An emulator on all interfaces."""
    with ubiops.emulator.start(host="0.0.0.0", run_code=False) as running:  # noqa: S104
        yield running


@pytest.fixture(scope="module")
def allowing() -> Iterator[Emulator]:
    """An emulator that is reached under other names."""
    with ubiops.emulator.start(allowed_hosts=["Emulator", "host.docker.internal"]) as running:
        yield running


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8421", "LOCALHOST", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:8421"]
)
def test_a_loopback_host_is_served(stopped_emulator: Emulator, host: str) -> None:
    assert get(stopped_emulator, Host=host) == (200, [])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8421",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.0.2.1",
        "0.0.0.0",  # noqa: S104
        "[::2]",
        "localhost@evil.example",
        "a b",
        "[",
    ],
)
@pytest.mark.parametrize("path", ["/v2.1/projects/p/deployments", "/", "/openapi.json", "/_emulator/health"])
def test_any_other_host_is_refused(stopped_emulator: Emulator, host: str, path: str) -> None:
    status, body = get(stopped_emulator, path, Host=host)
    assert status == 403
    assert body["error"].startswith(f"The emulator refuses requests to the host {host!r}, to be safe from web pages")
    assert "--allowed-host" in body["error"]


def test_a_request_without_a_host_is_served(stopped_emulator: Emulator) -> None:
    request = b"GET /v2.1/projects/p/deployments HTTP/1.0\r\nAuthorization: Token x\r\n\r\n"
    assert exchange(stopped_emulator, request)[:2] == (b"200", [])


@pytest.mark.parametrize("host", ["emulator", "emulator:8421", "EMULATOR", "host.docker.internal", "127.0.0.1"])
def test_an_allowed_host_is_served(allowing: Emulator, host: str) -> None:
    assert get(allowing, Host=host) == (200, [])
    assert get(allowing, Host="evil.example")[0] == 403


def test_on_other_interfaces_any_host_is_served(open_to_all: Emulator) -> None:
    for host in ("evil.example", "192.0.2.1:80"):
        assert get(open_to_all, Host=host) == (200, [])


def test_allowed_hosts_are_enforced_on_other_interfaces() -> None:
    with ubiops.emulator.start(host="0.0.0.0", allowed_hosts=["emulator"], run_code=False) as emulator:  # noqa: S104
        assert get(emulator, Host="emulator")[0] == 200
        assert get(emulator, Host="evil.example")[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "file://", "http://192.0.2.1:8421"])
def test_requests_of_foreign_web_pages_are_refused(
    stopped_emulator: Emulator, open_to_all: Emulator, origin: str
) -> None:
    for emulator in (stopped_emulator, open_to_all):
        status, body = get(emulator, Origin=origin)
        assert status == 403
        assert body["error"].startswith(f"The emulator refuses requests of the web page {origin!r}")


def test_requests_of_web_pages_of_this_machine_are_served(
    stopped_emulator: Emulator, allowing: Emulator, open_to_all: Emulator
) -> None:
    for origin in ("http://localhost:3000", "http://127.0.0.1", "http://[::1]:80"):
        assert get(stopped_emulator, Origin=origin)[0] == 200
    assert get(allowing, Origin="http://emulator:3000")[0] == 200
    assert get(open_to_all, Origin="http://workstation:3000", Host="workstation:8421")[0] == 200


@pytest.mark.parametrize(
    ("names", "error", "reason"),
    [
        ("localhost", TypeError, "allowed_hosts must be several names"),
        ([1], TypeError, "allowed_hosts must be names of hosts, got 1"),
        (["http://a"], ValueError, "is not a host: give its name, without http:// and port"),
        (["a:80"], ValueError, "is not a host"),
        ([""], ValueError, "is not a host"),
        (["*"], ValueError, "is not a host"),
    ],
)
def test_invalid_allowed_hosts_are_rejected(names: Any, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason) as caught:
        ubiops.emulator.start(allowed_hosts=names)
    assert isinstance(caught.value, ubiops.exceptions.UbiOpsException)


def test_addresses_are_allowed_too() -> None:
    assert check_hosts(["192.0.2.1", "[2001:db8::1]", "a.b"]) == {"192.0.2.1", "2001:db8::1", "a.b"}


HEAD = b"%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token x\r\n%s\r\n%s"


def test_the_target_may_be_a_whole_address(stopped_emulator: Emulator) -> None:
    request = HEAD % (b"GET", b"http://localhost:1/v2.1/projects/p/deployments?labels=a:b", b"", b"")
    assert exchange(stopped_emulator, request)[:2] == (b"200", [])
    assert exchange(stopped_emulator, HEAD % (b"GET", b"http://localhost", b"", b""))[0] == b"200"
    # Its host is what counts.
    status, body, _ = exchange(stopped_emulator, HEAD % (b"GET", b"http://evil.example/v2.1", b"", b""))
    assert status == b"403"
    assert "'evil.example'" in body["error"]


def test_a_body_with_two_ends_is_refused_and_the_connection_closed(stopped_emulator: Emulator) -> None:
    framing = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    request = HEAD % (b"POST", b"/v2.1/projects/p/deployments", framing, b"0\r\n\r\n")
    assert exchange(stopped_emulator, request) == (
        b"400",
        {"error": "the request has both the headers Content-Length and Transfer-Encoding"},
        True,
    )


def test_an_unknown_expectation_is_refused(stopped_emulator: Emulator) -> None:
    request = HEAD % (b"GET", b"/v2.1/projects/p/deployments", b"Expect: 200-maybe\r\n", b"")
    assert exchange(stopped_emulator, request)[0] == b"417"


def test_an_upgrade_is_ignored(stopped_emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    upgrade = b"Connection: upgrade\r\nUpgrade: websocket\r\n"
    request = HEAD % (b"GET", b"/v2.1/projects/p/deployments", upgrade, b"")
    assert exchange(stopped_emulator, request)[:2] == (b"200", [])
    assert caplog.text == ""


def test_something_that_is_not_http_gets_an_error_in_json(
    stopped_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ubiops.emulator")
    status, body, closes = exchange(stopped_emulator, b"HELLO\r\n\r\n")
    assert (status, body, closes) == (b"400", {"error": "the request is not valid HTTP"}, True)
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert record.getMessage().startswith("127.0.0.1:")
