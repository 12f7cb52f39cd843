"""``python -m ubiops check`` says at which step calls fail, why, and what to do."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

import pytest
from scripted import TOKEN, Peer, Wire, WireFor, reply, silence, then_reset, tunnel

from ubiops._cli.main import main

OK = reply(200, {"status": "ok"})
ERROR = {"error": "as the server says"}
PAGE = b"<!doctype html><html><head><title>UbiOps app</title></head><body>Welcome</body></html>"
HTML = "Content-Type: text/html"


class Checked:
    """The result of a check."""

    def __init__(self, status: int, out: str) -> None:
        found = json.loads(out)
        assert TOKEN not in out
        self.out = out
        self.steps = {step["name"]: step for step in found["steps"]}
        self.failed = next((step for step in found["steps"] if step["status"] == "fail"), None)
        assert (status, found["ok"]) == (int(self.failed is not None), self.failed is None)

    def assert_failed(self, name: str, text: str, advice: str | None) -> None:
        assert self.failed is not None
        assert self.failed["name"] == name, self.failed
        assert re.search(text, self.failed["text"]), self.failed
        assert re.search(advice or "^$", self.failed["advice"] or ""), self.failed


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the check for a server or an address."""
    monkeypatch.setenv("UBIOPS_API_TOKEN", f"Token {TOKEN}")

    def run(host: str | Wire, *arguments: str) -> Checked:
        address = host if isinstance(host, str) else host.host
        status = main(["check", "--json", "--host", address, *arguments])
        out, err = capsys.readouterr()
        assert err == ""
        return Checked(status, out)

    return run


# --- the first response ---------------------------------------------------------------

NOT_THE_API = "set the host to the address of the API"
RESPONSES = {
    "a page": (reply(200, PAGE, HTML), "API", "this is not the API: .*is not valid JSON", NOT_THE_API),
    "a page with 404": (reply(404, PAGE, HTML), "API", r"not the API: \(404\) Not Found: UbiOps app", NOT_THE_API),
    "a page with 403": (reply(403, PAGE, HTML), "API", r"not the API: \(403\) Forbidden: UbiOps app", NOT_THE_API),
    "an empty body": (reply(200, b""), "API", "this is not the API: .* is empty", NOT_THE_API),
    "a redirect": (
        reply(301, b"", "Location: https://api.example.com/v2.1/status"),
        "API",
        r"\(301\)",
        "the server points to 'https://api.example.com/v2.1/status'.* is configuration.host right",
    ),
    "429": (
        reply(429, ERROR, "Retry-After: 17"),
        "API",
        r"\(429\) Too Many Requests: as the server says",
        "wait 17 seconds and try again",
    ),
    "429 without a time": (reply(429, ERROR), "API", r"\(429\)", "wait a minute and try again"),
    "500": (
        reply(500, ERROR),
        "API",
        r"\(500\) Internal Server Error: as the server says",
        "problem is in the platform",
    ),
    "502 of a gateway": (reply(502, PAGE, HTML), "API", r"\(502\) Bad Gateway: UbiOps app", "a proxy or gateway"),
    "407": (reply(407, b""), "Connection", r"\(407\)", "check configuration.proxy"),
    "something else than HTTP": (
        b"220 mail.example.com ESMTP\r\n",
        "Connection",
        "broke|valid HTTP",
        "check the network|https",
    ),
    "a reset": (then_reset(), "Connection", "the connection broke: Connection reset by peer", "did you mean https://"),
}


@pytest.mark.parametrize("what", RESPONSES)
def test_the_first_response(what: str, wire: WireFor, check: Any) -> None:
    response, name, text, advice = RESPONSES[what]
    server = wire(response)
    check(server).assert_failed(name, text, advice)
    # Without retries, and without the token: this may not be the API.
    assert [request.target for request in server.requests] == ["/v2.1/status"]
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("response", [OK, reply(404, ERROR), reply(401, ERROR), reply(403, ERROR), reply(200, {})])
def test_the_first_response_may_be_any_of_the_api(response: bytes, wire: WireFor, check: Any) -> None:
    server = wire(response, reply(200, []))
    assert check(server).failed is None
    assert [request.target for request in server.requests] == ["/v2.1/status", "/v2.1/template-deployments"]
    assert server.requests[1].headers["authorization"] == f"Token {TOKEN}"


# --- token and project ----------------------------------------------------------------

TOKENS = {
    "200": (reply(200, []), None),
    "401": (
        reply(401, ERROR),
        ("Token", r"\(401\) Unauthorized: as the server says", "the API token was not accepted"),
    ),
    "403": (reply(403, ERROR), None),
    "404": (reply(404, ERROR), None),
    "429": (reply(429, ERROR, "x-ratelimit-reset: 5"), ("Token", r"\(429\)", "wait 5 seconds")),
    "503": (reply(503, ERROR), ("Token", r"\(503\) Service Unavailable", "try again later")),
    "a page": (reply(200, PAGE, HTML), ("Token", "is not valid JSON", "is configuration.host the address of the API")),
    "a reset": (then_reset(), ("Token", "the connection broke", None)),
}


@pytest.mark.parametrize("what", TOKENS)
def test_the_token(what: str, wire: WireFor, check: Any) -> None:
    response, expected = TOKENS[what]
    server = wire(OK, response)
    checked = check(server)
    assert len(server.requests) == 2
    if expected is None:
        assert checked.failed is None
        assert checked.steps["Token"]["status"] == ("warn" if what == "404" else "ok")
    else:
        name, text, advice = expected
        checked.assert_failed(name, text, advice or ".")


PROJECTS = {
    "401": (reply(401, ERROR), "Token", r"\(401\)", "the API token was not accepted"),
    "403": (reply(403, ERROR), "Project", r"\(403\) Forbidden: as the server says", "lacks a permission"),
    "404": (reply(404, ERROR), "Project", r"\(404\) Not Found: as the server says", "check the spelling"),
    "500": (reply(500, ERROR), "Token", r"\(500\)", "try again later"),
}


@pytest.mark.parametrize("what", PROJECTS)
def test_the_project(what: str, wire: WireFor, check: Any) -> None:
    response, name, text, advice = PROJECTS[what]
    server = wire(OK, response)
    checked = check(server, "--project", "my-project")
    checked.assert_failed(name, text, advice)
    assert server.requests[1].target == "/v2.1/projects/my-project/deployments"
    assert checked.steps["Token"]["status"] == ("fail" if name == "Token" else "ok")


# --- no response ----------------------------------------------------------------------


def test_a_name_that_does_not_exist(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    checked = check("https://api.example.invalid/v2.1")
    checked.assert_failed("Host name", "the host name can't be resolved", "check configuration.host and the network")
    assert checked.steps["Connection"]["status"] == "skip"


def test_a_name_that_resolves_at_the_second_attempt(check: Any, wire: WireFor, monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[Any] = [socket.gaierror(socket.EAI_AGAIN, "try again")]
    getaddrinfo = socket.getaddrinfo

    def sometimes(*arguments: Any, **options: Any) -> Any:
        if first:
            raise first.pop()
        return getaddrinfo(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", sometimes)
    checked = check(wire(OK, reply(200, [])))
    assert checked.failed is None
    assert checked.steps["Host name"]["text"] == "resolved at the second attempt"


def test_a_port_on_which_nobody_listens(check: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    advice = f"is the emulator running on port {port}"
    check(f"http://127.0.0.1:{port}/v2.1").assert_failed("Connection", "Connection refused", advice)
    advice = "^check configuration.host and the network$"
    check(f"https://127.0.0.1:{port}/v2.1").assert_failed("Connection", "Connection refused", advice)


def test_a_server_that_does_not_respond(check: Any, wire: WireFor) -> None:
    checked = check(wire(silence), "--timeout", "0.3")
    text = "the call's deadline of 0.3 s ran out while waiting for the response"
    checked.assert_failed("Connection", text, "pass a larger --timeout")


# --- TLS ------------------------------------------------------------------------------

CERTIFICATES = {
    "unknown_authority": "set configuration.ssl_ca_cert",
    "self_signed": "the certificate is self-signed",
    "wrong_name": "the certificate is for another .*: check configuration.host",
    "expired": "the certificate has expired",
    "future": "check this machine's clock",
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_is_not_accepted(
    name: str, check: Any, wire: WireFor, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificates.authority_file)
    server = wire(OK, context=getattr(certificates, name))
    check(server).assert_failed("Connection", "the server's certificate was rejected", CERTIFICATES[name])


def test_a_certificate_that_is_accepted(
    check: Any, wire: WireFor, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificates.authority_file)
    checked = check(wire(OK, reply(200, []), context=certificates.good))
    assert checked.failed is None
    assert checked.steps["Connection"]["text"].startswith("TLS, certificate verified, ")


def bad_request(peer: Peer) -> None:
    """What a server of plain HTTP sends when it gets something else."""
    peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    peer.close()


def test_http_and_https_are_mixed_up(check: Any, wire: WireFor, certificates: Any) -> None:
    plain, secure = wire(bad_request), wire(OK, context=certificates.good)
    check(f"https://127.0.0.1:{plain.port}/v2.1").assert_failed(
        "Connection", "no TLS connection", "did you mean http://"
    )
    checked = check(f"http://127.0.0.1:{secure.port}/v2.1")
    checked.assert_failed("Connection", "broke", "did you mean https://")
    assert "emulator" not in checked.out


# --- proxies --------------------------------------------------------------------------


def test_a_proxy_on_the_way(check: Any, wire: WireFor, certificates: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = wire(tunnel)
    monkeypatch.setenv("SSL_CERT_FILE", certificates.authority_file)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pa55word@127.0.0.1:{proxy.port}")
    checked = check(wire(OK, reply(200, []), context=certificates.good))
    assert checked.failed is None
    assert checked.steps["Host name"]["text"] == "the proxy 127.0.0.1 needs no lookup"
    way = f"through the proxy http://127.0.0.1:{proxy.port} (from HTTPS_PROXY), TLS, certificate verified, "
    assert checked.steps["Connection"]["text"].startswith(way)
    assert "pa55word" not in checked.out


def test_a_proxy_that_refuses(check: Any, wire: WireFor, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = wire(reply(407, b""))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    checked = check("https://api.example.invalid/v2.1")
    checked.assert_failed("Connection", "the proxy .*can't be used: .*407", "check HTTPS_PROXY; NO_PROXY lists hosts")


def test_a_proxy_that_is_not_there(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    checked = check("https://api.example.invalid/v2.1")
    checked.assert_failed("Connection", f"the proxy http://127.0.0.1:{port} .*can't be used", "check HTTPS_PROXY")


def test_a_proxy_that_is_not_valid(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pa55word@:x")
    checked = check("https://api.example.invalid/v2.1")
    checked.assert_failed("Settings", "the URL in HTTPS_PROXY is not valid", None)
    assert "pa55word" not in checked.out


# --- what servers send ----------------------------------------------------------------


def test_control_characters_of_a_server_are_not_shown(
    wire: WireFor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UBIOPS_API_TOKEN", f"Token {TOKEN}")
    server = wire(OK, reply(401, {"error": "bad\x1b[31m\u202e token"}))
    assert main(["check", "--host", server.host]) == 1
    out = capsys.readouterr().out
    assert "bad [31m token" in out
    assert not {"\x1b", "\u202e"} & set(out)
