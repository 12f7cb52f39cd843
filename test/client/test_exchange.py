"""A call driven step by step: no sockets, no threads, and a stopped clock."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

import ubiops
from ubiops._core.exchange import exchange
from ubiops._core.operation import Operation
from ubiops._core.request import Options, PreparedRequest
from ubiops._core.retry import Failure
from ubiops._core.steps import Close, Read, Save, Send, Sleep
from ubiops._core.timeouts import Timeouts

ORIGIN = "https://api.example.com"


class Clock:
    """A clock that only the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the exchange must not sleep")


class Head:
    """A response, as the exchange sees it."""

    def __init__(self, status: int = 200, reason: str = "", **headers: str) -> None:
        self.status = status
        self.reason = reason
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Conversation:
    """Drives one exchange."""

    def __init__(
        self, method: str = "GET", *, returns: str | None = None, timeout: Any = None, body: Any = None, **settings: Any
    ) -> None:
        self.clock = Clock()
        timeouts = Timeouts(10, 300, timeout)
        read = None if returns in (None, "file", "events") else lambda value, status: value
        options = Options({}, timeouts)
        operation = Operation("x", method, "/x")
        self.request = PreparedRequest(method, ORIGIN, "/v2.1/x", {}, body, returns, read, options, True, operation)
        self.steps = exchange(self.request, ubiops.Configuration(**settings), self.clock, self.clock.now)
        self._next: Callable[[], Any] = lambda: self.steps.send(None)

    def expect(self, kind: type) -> Any:
        step = self._next()
        assert type(step) is kind, step
        self.respond(None)
        return step

    def respond(self, value: Any) -> None:
        self._next = lambda: self.steps.send(value)

    def fail(self, error: ubiops.ApiException) -> None:
        self._next = lambda: self.steps.throw(error)

    def result(self) -> Any:
        with pytest.raises(StopIteration) as ended:
            self._next()
        return ended.value.value

    def error(self, kind: type[ubiops.ApiException]) -> Any:
        with pytest.raises(kind) as caught:
            self._next()
        return caught.value


def lost(*, sent: bool) -> ubiops.ApiException:
    error = ubiops.ApiConnectionError(0, "the connection broke")
    error._failure = Failure("the connection broke", sent=sent)
    return error


def test_a_response_is_sent_read_and_closed() -> None:
    call = Conversation(returns="object")
    assert call.expect(Send).target == "/v2.1/x"
    call.respond(response := Head(Content_Length="3"))
    read = call.expect(Read)
    assert (read.response, read.amount) == (response, None)
    call.respond(b"[1]")
    assert call.expect(Close).response is response
    assert call.result() == [1]


def test_a_body_of_unknown_length_is_read_block_by_block_and_decompressed() -> None:
    call = Conversation(returns="object")
    call.expect(Send)
    call.respond(Head(Content_Encoding="gzip"))
    packed = gzip.compress(b'{"a": 1}')
    for block in (packed[:7], packed[7:], b""):
        assert call.expect(Read).amount == 1 << 18
        call.respond(block)
    call.expect(Close)
    assert call.result() == {"a": 1}


def test_the_deadline_of_every_attempt_is_that_of_the_call() -> None:
    call = Conversation(timeout=60)
    for _ in range(2):
        assert call.expect(Send).deadline == 1060
        call.fail(lost(sent=False))
        call.expect(Sleep)
        call.clock.now += 5


def test_a_retry_waits_and_is_sent_again() -> None:
    call = Conversation("POST")
    call.expect(Send)
    call.respond(Head(429, "Too Many Requests", Retry_After="7"))
    call.expect(Read)
    call.respond(b"")
    call.expect(Close)
    assert 7 <= call.expect(Sleep).seconds <= 8
    call.expect(Send)
    call.respond(Head(204))
    call.expect(Read)
    call.respond(b"")
    call.expect(Close)
    assert call.result() is None


@pytest.mark.parametrize(
    ("method", "sent", "again"), [("POST", False, True), ("POST", True, False), ("GET", True, True)]
)
def test_a_lost_connection_is_retried_if_that_is_safe(method: str, sent: bool, again: bool) -> None:
    call = Conversation(method)
    call.expect(Send)
    call.fail(lost(sent=sent))
    if again:
        call.expect(Sleep)
        call.expect(Send)
        return
    error = call.error(ubiops.ApiConnectionError)
    assert (error.method, error.url) == (method, f"{ORIGIN}/v2.1/x")
    assert error.attempts == ("the connection broke",)
    assert "_failure" not in vars(error)


def test_no_retry_starts_after_the_deadline() -> None:
    call = Conversation(timeout=60)
    call.expect(Send)
    call.clock.now += 60
    call.fail(lost(sent=False))
    assert call.error(ubiops.ApiConnectionError).attempts == ("the connection broke",)


def test_every_attempt_is_listed() -> None:
    call = Conversation(max_retries=2)
    for _ in range(2):
        call.expect(Send)
        call.fail(lost(sent=False))
        call.expect(Sleep)
    call.expect(Send)
    call.fail(lost(sent=False))
    first, second, third = call.error(ubiops.ApiConnectionError).attempts
    assert first == second == "the connection broke"
    assert third == "the connection broke; not retried: max_retries (2) is used up"


def test_a_redirect_to_the_same_origin_is_followed() -> None:
    call = Conversation()
    call.expect(Send)
    call.respond(Head(302, Location="/v2.1/y?a=1"))
    call.expect(Close)
    assert call.expect(Send).target == "/v2.1/y?a=1"


def test_a_redirect_elsewhere_is_an_error() -> None:
    call = Conversation()
    call.expect(Send)
    call.respond(Head(302, Location="https://other.example.com/v2.1/x"))
    call.expect(Read)
    call.respond(b"")
    call.expect(Close)
    assert "other.example.com" in str(call.error(ubiops.RedirectError))


def test_endless_redirects_are_an_error() -> None:
    call = Conversation()
    for _ in range(5):
        call.expect(Send)
        call.respond(Head(302, Location="/v2.1/x"))
        call.expect(Close)
    call.expect(Send)
    call.respond(Head(302, Location="/v2.1/x"))
    call.expect(Read)
    call.respond(b"")
    call.expect(Close)
    assert "5 were followed" in str(call.error(ubiops.RedirectError))


def test_a_download_is_saved_and_retried_as_a_whole() -> None:
    call = Conversation(returns="file")
    for number in range(2):
        call.expect(Send)
        call.respond(Head())
        call.expect(Save)
        if not number:
            call.fail(lost(sent=True))
            call.expect(Sleep)
    call.respond("/tmp/file.zip")  # noqa: S108 - no file is written
    assert call.result() == "/tmp/file.zip"  # noqa: S108


@pytest.mark.parametrize("returns", ["object", "file", None])
def test_a_partial_response_that_was_not_requested_is_an_error(returns: str | None) -> None:
    call = Conversation(returns=returns)
    call.expect(Send)
    call.respond(Head(206, "Partial Content"))
    assert "only a part" in str(call.error(ubiops.InvalidResponseError))


def test_a_requested_partial_response_is_accepted() -> None:
    call = Conversation(returns="file")
    call.request.headers["range"] = "bytes=0-9"
    call.expect(Send)
    call.respond(Head(206))
    call.expect(Save)
    call.respond("part")
    assert call.result() == "part"


def test_a_stream_of_events_is_returned_unread() -> None:
    call = Conversation(returns="events")
    call.expect(Send)
    call.respond(Head(Content_Type="text/event-stream; charset=utf-8"))
    assert call.result() is None
    call = Conversation(returns="events")
    call.expect(Send)
    call.respond(Head(Content_Type="text/html"))
    assert "'text/html' where text/event-stream was expected" in str(call.error(ubiops.InvalidResponseError))


def test_an_abandoned_call_yields_no_more_steps() -> None:
    call = Conversation()
    call.expect(Send)
    call.steps.close()
    with pytest.raises(StopIteration):
        call.steps.send(None)
