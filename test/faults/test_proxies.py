"""Proxies from the configuration or the environment, and their credentials."""

from __future__ import annotations

import base64
import socket
from typing import Any

import pytest
from scripted import TOKEN, Peer, Wire, WireFor, call, reply, silence, then_close, tunnel

import ubiops
from ubiops._transport.proxies import find_proxy

CREDENTIALS = "Basic " + base64.b64encode(b"us er:pa@ss").decode()
WITH_CREDENTIALS = "http://us%20er:pa%40ss@127.0.0.1:{port}"


def test_https_goes_through_a_tunnel_that_the_proxy_can_not_read(
    wire: WireFor, client_for: Any, certificates: Any
) -> None:
    server = wire(reply(200, [1]), context=certificates.good)
    proxy = wire(tunnel)
    client = client_for(
        server,
        proxy=WITH_CREDENTIALS.format(port=proxy.port),
        proxy_headers={"X-Office": "7"},
        **certificates.trust,
    )
    for method in ("GET", "POST"):
        assert call(client, method) == [1]
    (connect,) = proxy.requests
    assert (connect.method, connect.target) == ("CONNECT", f"127.0.0.1:{server.port}")
    assert connect.headers["proxy-authorization"] == CREDENTIALS
    assert connect.headers["x-office"] == "7"
    assert "authorization" not in connect.headers
    assert [request.target for request in server.requests] == ["/v2.1/things"] * 2
    for request in server.requests:
        assert request.headers["authorization"] == f"Token {TOKEN}"
        assert "proxy-authorization" not in request.headers
        assert "x-office" not in request.headers
    assert server.connections == 1


def test_an_upload_goes_through_a_tunnel(wire: WireFor, client_for: Any, certificates: Any) -> None:
    server = wire(reply(201, {"revision": "r"}), context=certificates.good)
    client = client_for(server, proxy=wire(tunnel).origin, **certificates.trust)
    assert ubiops.CoreApi(client).revisions_file_upload("p", "d", "v", file=b"x" * 3_000_000).revision == "r"
    assert b"x" * 3_000_000 in server.requests[0].body


def test_plain_http_sends_the_whole_url_to_the_proxy(wire: WireFor, client_for: Any) -> None:
    proxy = wire(reply(200, [1]))
    client = client_for("http://api.localhost:81/v2.1", proxy=WITH_CREDENTIALS.format(port=proxy.port))
    assert call(client) == [1]
    assert ubiops.CoreApi(client).deployments_delete("p", "a/..%2e") is None
    targets = [request.target for request in proxy.requests]
    assert targets == [
        "http://api.localhost:81/v2.1/things",
        "http://api.localhost:81/v2.1/projects/p/deployments/a%2F..%252e",
    ]
    for request in proxy.requests:
        assert request.headers["proxy-authorization"] == CREDENTIALS
        assert request.headers["host"] == "api.localhost:81"


@pytest.mark.parametrize("password", ["%E2%82%AC", "\u20ac", "\udce2\udc82\udcac"], ids=ascii)
def test_a_proxy_password_is_sent_as_utf_8(password: str, wire: WireFor, client_for: Any) -> None:
    proxy = wire(reply(200, [1]))
    assert call(client_for("http://api.localhost", proxy=f"http://us:{password}@127.0.0.1:{proxy.port}")) == [1]
    scheme, _, coded = proxy.requests[0].headers["proxy-authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(coded).decode("utf-8", "surrogatepass") in ("us:\u20ac", f"us:{password}")


def test_a_proxy_can_be_reached_over_tls(wire: WireFor, client_for: Any, certificates: Any) -> None:
    proxy = wire(reply(200, [1]), context=certificates.good)
    client = client_for("http://api.localhost:81/v2.1", proxy=proxy.origin, **certificates.trust)
    assert call(client) == [1]
    with pytest.raises(ubiops.ApiConnectionError, match="certificate was rejected"):
        call(client_for("http://api.localhost:81/v2.1", proxy=proxy.origin, max_retries=0))


@pytest.mark.parametrize("trusted", [True, False])
def test_a_tunnel_can_run_over_tls_to_the_proxy(
    trusted: bool, wire: WireFor, client_for: Any, certificates: Any
) -> None:
    server = wire(reply(201, {"revision": "r"}), context=certificates.good)
    proxy = wire(tunnel, context=certificates.good if trusted else certificates.unknown_authority)
    api = ubiops.CoreApi(client_for(server, proxy=proxy.origin, max_retries=0, **certificates.trust))
    if trusted:
        assert api.revisions_file_upload("p", "d", "v", file=b"x" * 100_000).revision == "r"
    else:
        with pytest.raises(ubiops.ApiConnectionError, match="certificate was rejected"):
            api.revisions_file_upload("p", "d", "v", file=b"x" * 100_000)
        assert server.connections == 0


def test_the_certificate_behind_a_tunnel_is_verified(wire: WireFor, client_for: Any, certificates: Any) -> None:
    server = wire(reply(200, [1]), context=certificates.wrong_name)
    with pytest.raises(ubiops.ApiConnectionError, match="certificate was rejected"):
        call(client_for(server, proxy=wire(tunnel).origin, **certificates.trust))
    assert server.requests == []


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_the_tunnel_is_reported(
    status: int, wire: WireFor, client_for: Any, certificates: Any, clock: Any
) -> None:
    proxy = wire(lambda peer: (peer.read_head(), peer.send(reply(status, b"No")), peer.close()))
    client = client_for("https://api.localhost", proxy=WITH_CREDENTIALS.format(port=proxy.port))
    address = rf"the proxy http://127.0.0.1:{proxy.port} \(from configuration.proxy\) can't be used: .*{status}"
    with pytest.raises(ubiops.ApiConnectionError, match=address) as caught:
        call(client, "POST")
    assert "check configuration.proxy" in str(caught.value)
    assert "pa@ss" not in str(caught.value)
    assert CREDENTIALS not in str(caught.value)
    # A proxy that refuses will refuse again; a bad gateway may recover.
    assert len(clock.waits) == (3 if status == 502 else 0)


def test_a_proxy_that_requires_a_password_is_reported_for_http_too(wire: WireFor, client_for: Any) -> None:
    proxy = wire(reply(407, b"", "Proxy-Authenticate: Basic"))
    with pytest.raises(ubiops.ApiRequestError, match="check configuration.proxy") as caught:
        call(client_for("http://api.localhost", proxy=proxy.origin))
    assert caught.value.status == 407


@pytest.mark.parametrize("step", [then_close(), then_close(b"no proxy\r\n\r\n"), silence])
def test_a_server_that_is_not_a_proxy_is_reported(step: Any, wire: WireFor, client_for: Any) -> None:
    client = client_for("https://api.localhost", proxy=wire(step).origin, max_retries=0, connect_timeout=0.3)
    with pytest.raises((ubiops.ApiConnectionError, ubiops.ApiTimeoutError)):
        call(client, "POST")


@pytest.mark.parametrize("source", ["configuration.proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_an_unreachable_proxy_is_named_with_its_source_and_retried(
    source: str, client_for: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, so a POST is retried as well."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        address = WITH_CREDENTIALS.format(port=port)
        if source != "configuration.proxy":
            monkeypatch.setenv(source, address)
        client = client_for("https://api.localhost", proxy=address if source == "configuration.proxy" else None)
        with pytest.raises(ubiops.ApiConnectionError) as caught:
            call(client, "POST")
    assert caught.value.reason == (
        f"the proxy http://127.0.0.1:{port} (from {source}) can't be used: Connection refused"
    )
    assert caught.value.hint == f"check {source}; NO_PROXY lists hosts to reach without a proxy"
    assert len(caught.value.attempts) == 4
    assert len(clock.waits) == 3


def test_opening_a_tunnel_is_bounded_by_the_deadline(wire: WireFor, client_for: Any) -> None:
    def drip(peer: Peer) -> None:
        import time

        peer.read_head()
        for _ in range(1000):
            peer.send(b"HTTP/1.1 200 OK\r\n"[:1])
            time.sleep(0.02)

    with pytest.raises((ubiops.ApiTimeoutError, ubiops.ApiConnectionError)):
        call(client_for("https://api.localhost", proxy=wire(drip).origin), _request_timeout=0.3)


BAD = [
    "http://",
    "http://us:pass-w0rd@",
    "ftp://us:pass-w0rd@h:1",
    "http://us:pass-w0rd@h:port",
    "socks5://us:pass-w0rd@h",
    "http://us:pass-w0rd@[::1",
    "http://us:pass-w0rd@h h:1",
    "http://us:pass-w0rd@h\x00:1",
    "http://us:pass-w0rd@h\u20ac:1",
]


@pytest.mark.parametrize("proxy", BAD)
def test_an_invalid_proxy_url_is_rejected_without_showing_it(proxy: str, client_for: Any) -> None:
    with pytest.raises(ubiops.ApiValueError, match="'http://user:password@host:port'") as caught:
        call(client_for("https://api.localhost", proxy=proxy))
    assert "pass-w0rd" not in str(caught.value)


def test_a_proxy_password_is_never_shown() -> None:
    for proxy in (
        "http://us:pass-w0rd@h:1",
        "http://u\ns:pass-w0rd@h",
        "HTTP://us:pass-w0rd@h",
        "us:pass-w0rd@h:1",
        "http://us:a@pass-w0rd@h",
    ):
        configuration = ubiops.Configuration(proxy=proxy)
        assert "pass-w0rd" not in repr(configuration)
        assert "pass-w0rd" not in repr(vars(configuration))
        assert configuration.proxy == proxy


# --- the environment ------------------------------------------------------------------


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://for-http:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://for-https:2")


@pytest.mark.usefixtures("proxies")
@pytest.mark.parametrize(
    ("no_proxy", "scheme", "host", "port", "found"),
    [
        (None, "http", "a.example", None, "http://for-http:1"),
        (None, "https", "a.example", None, "http://for-https:2"),
        ("b.example", "https", "a.example", None, "http://for-https:2"),
        ("a.example", "https", "a.example", None, None),
        ("b.example, a.example", "https", "a.example", 444, None),
        ("example", "https", "a.example", None, None),
        (".example", "https", "a.example", None, None),
        ("ample", "https", "a.example", None, "http://for-https:2"),
        ("*", "https", "a.example", None, None),
        ("a.example:444", "https", "a.example", 444, None),
        ("a.example:444", "https", "a.example", 445, "http://for-https:2"),
        ("a.example:443", "https", "a.example", None, None),
        ("127.0.0.1", "http", "127.0.0.1", 8080, None),
        ("::1", "http", "::1", 8080, None),
    ],
)
def test_proxies_and_exceptions_come_from_the_environment(
    no_proxy: str | None, scheme: str, host: str, port: int | None, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if no_proxy is not None:
        monkeypatch.setenv("NO_PROXY", no_proxy)
    configuration = ubiops.Configuration()
    proxy = find_proxy(configuration, scheme, host, port)
    assert (proxy and proxy.url) == found
    assert proxy is None or proxy.source == f"{scheme.upper()}_PROXY"
    configuration.proxy = "http://mine:3"
    assert find_proxy(configuration, scheme, host, port) == ("http://mine:3", "configuration.proxy")
    configuration.proxy = ""
    assert find_proxy(configuration, scheme, host, port) is None


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(
    variable: str, wire: WireFor, client_for: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = wire(reply(200, [1]), context=certificates.good)
    proxy: Wire = wire(tunnel)
    monkeypatch.setenv(variable, WITH_CREDENTIALS.format(port=proxy.port))
    assert call(client_for(server, proxy=None, **certificates.trust)) == [1]
    assert proxy.requests[0].headers["proxy-authorization"] == CREDENTIALS
    monkeypatch.setenv("NO_PROXY", f"127.0.0.1:{server.port}")
    assert call(client_for(server, proxy=None, **certificates.trust)) == [1]
    assert len(proxy.requests) == 1


def test_http_proxy_is_ignored_in_a_cgi_script(wire: WireFor, client_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, the variable holds the Proxy header of the incoming request."""
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert call(client_for(wire(reply(200, [1])), proxy=None)) == [1]
