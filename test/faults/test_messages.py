"""Messages of network errors.

They name the limit that ran out and say whether the request may have been processed.
The original error is logged only.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
from typing import Any

import pytest
from scripted import TOKEN, WireFor, call, chunked, drip, reply, silence, then_close, then_reset, then_silence

import ubiops

SHORT = 0.2


def failure(client: Any, method: str = "GET", **options: Any) -> ubiops.ApiException:
    with pytest.raises(ubiops.ApiException) as caught:
        call(client, method, **options)
    return caught.value


# --- limits ---------------------------------------------------------------------------


def test_a_read_timeout_is_reported_in_seconds(wire: WireFor, client_for: Any) -> None:
    error = failure(client_for(wire(silence), max_retries=0, read_timeout=SHORT))
    assert isinstance(error, ubiops.ApiTimeoutError)
    assert error.reason == f"no data from the server for {SHORT} s"
    assert error.hint == "raise configuration.read_timeout, or the read timeout in _request_timeout=(connect, read)"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_timeout_while_sending_is_distinguished(tls: bool, wire: WireFor, client_for: Any, certificates: Any) -> None:
    over = threading.Event()
    server = wire(
        lambda peer: (peer.read_head(), over.wait(20), peer.close()), context=certificates.good if tls else None
    )
    api = ubiops.CoreApi(client_for(server, max_retries=0, read_timeout=SHORT, **certificates.trust))
    with pytest.raises(ubiops.ApiTimeoutError) as caught:
        api.revisions_file_upload("p", "d", "v", file=bytes(50 << 20))
    over.set()
    assert caught.value.reason == f"no progress for {SHORT} s while sending the request"


def test_a_connect_timeout_is_reported_in_seconds(client_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def time_out(self: Any, address: Any) -> None:
        raise socket.timeout("timed out")

    monkeypatch.setattr("socket.socket.connect", time_out, raising=False)
    error = failure(client_for("http://127.0.0.1:9", max_retries=0, connect_timeout=7), "POST")
    assert error.reason == "timed out after 7 s while connecting"
    assert (
        error.hint == "raise configuration.connect_timeout, or the connect timeout in _request_timeout=(connect, read)"
    )


@pytest.mark.parametrize(
    ("step", "doing"),
    [
        (silence, "waiting for the response"),
        (drip(b"", b"HTTP/1.1 200 " + b"O" * 10_000), "waiting for the response"),
        (then_silence(reply(200, b"[1]")[:-1]), "reading the response"),
        (then_silence(chunked(b"[1", end=b"")), "reading the response"),
    ],
)
def test_the_deadline_of_a_call_is_reported_in_seconds(step: Any, doing: str, wire: WireFor, client_for: Any) -> None:
    error = failure(client_for(wire(step)), _request_timeout=SHORT)
    assert isinstance(error, ubiops.ApiTimeoutError)
    assert error.reason == f"the call's deadline of {SHORT} s ran out while {doing}"
    assert error.hint == "raise _request_timeout"


def test_a_deadline_that_runs_out_while_connecting_is_reported(client_for: Any, wire: WireFor) -> None:
    proxy = wire(silence)
    error = failure(client_for("https://api.localhost", proxy=proxy.origin), _request_timeout=SHORT)
    assert "deadline of 0.2 s ran out while connecting" in str(error)


# --- requests that may have been processed --------------------------------------------


@pytest.mark.parametrize("step", [silence, then_close(), then_reset(), then_close(reply(200, b"[1]")[:-1])])
@pytest.mark.parametrize("method", ["POST", "PATCH", "GET", "DELETE"])
def test_a_post_that_may_have_been_processed_says_so(method: str, step: Any, wire: WireFor, client_for: Any) -> None:
    error = failure(client_for(wire(step), max_retries=0, read_timeout=SHORT), method)
    text = f"the {method} may have been processed: check before you repeat it"
    assert (text in str(error)) == (method in ("POST", "PATCH"))


def test_a_post_that_was_not_sent_has_no_such_warning(client_for: Any) -> None:
    assert "processed" not in str(failure(client_for("http://127.0.0.1:1", max_retries=0), "POST"))


# --- bodies that end early ------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (reply(200, b"[1]" * 10)[:-7], "the response was cut off: 7 more bytes were expected"),
        (chunked(b"[1", end=b""), "the response was cut off: its end is missing"),
        (b"HTTP/1.1 200 OK\r\n", "the response was cut off"),
    ],
)
def test_a_response_that_is_cut_off_says_what_is_missing(
    response: bytes, text: str, wire: WireFor, client_for: Any
) -> None:
    assert text in str(failure(client_for(wire(then_close(response)), max_retries=0)))


def test_a_server_that_closes_without_a_response_is_reported(wire: WireFor, client_for: Any) -> None:
    error = failure(client_for(wire(then_close()), max_retries=0))
    assert error.reason == "the connection broke: the server closed it without a response"


# --- the original error in the log ----------------------------------------------------


def test_the_original_errors_type_and_text_are_logged(
    wire: WireFor, client_for: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="ubiops")
    server = wire(then_reset())
    failure(client_for(server, max_retries=0))
    (line,) = [record.getMessage() for record in caplog.records if "failed: " in record.getMessage()]
    assert line.startswith(f"GET {server.origin} failed: ProtocolError: ")
    assert "ConnectionResetError: " in line or "RemoteDisconnected: " in line


def test_nothing_is_logged_above_debug(wire: WireFor, client_for: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ubiops")
    failure(client_for(wire(then_reset()), max_retries=0))
    assert caplog.records == []


@pytest.mark.parametrize(
    "step",
    [
        then_close(f"Token {TOKEN}\r\n\r\n".encode()),
        then_close(f"HTTP/1.1 {TOKEN} OK\r\n\r\n".encode()),
        then_close(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{TOKEN}\r\n".encode()),
        then_close(b"http://us:pass-w0rd@host/\r\n\r\n"),
    ],
    ids=["line", "status", "chunk", "URL"],
)
def test_no_secret_is_logged_even_if_the_server_echoes_it(
    step: Any, wire: WireFor, client_for: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="ubiops")
    failure(client_for(wire(step), max_retries=0))
    assert "failed: " in caplog.text
    assert TOKEN not in caplog.text
    assert "pass-w0rd" not in caplog.text


def test_the_password_of_a_proxy_is_not_logged(
    client_for: Any, caplog: pytest.LogCaptureFixture, wire: WireFor
) -> None:
    caplog.set_level(logging.DEBUG, logger="ubiops")
    proxy = wire(lambda peer: (peer.read_head(), peer.send(reply(407, b"No")), peer.close()))
    failure(client_for("https://api.localhost", proxy=f"http://us:pass-w0rd@127.0.0.1:{proxy.port}"))
    assert "407" in caplog.text
    assert "pass-w0rd" not in caplog.text
    assert not re.search(r"Basic [A-Za-z0-9+/=]{8}", caplog.text)


def test_a_header_that_is_rejected_is_not_logged(
    client_for: Any, caplog: pytest.LogCaptureFixture, wire: WireFor
) -> None:
    caplog.set_level(logging.DEBUG, logger="ubiops")
    client = client_for(wire(reply(200, [1])))
    client.rest_client  # noqa: B018 - which is made at its first use
    with pytest.raises(ubiops.ApiRequestError):
        client.rest_client.send(
            "GET",
            client.configuration.host.partition("/v2")[0],
            "/",
            {"Authorization": "hid\nden-token"},
            None,
            ubiops._core.timeouts.Timeouts(1, 1, None),
            None,
        )
    assert "failed: ValueError" in caplog.text
    assert "den-token" not in caplog.text
