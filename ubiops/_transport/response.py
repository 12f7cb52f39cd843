"""A response whose body has not been read."""

from __future__ import annotations

import http.client
import sys
from typing import TYPE_CHECKING, Any

from ubiops._transport.attempt import Aborted, Attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RawResponse:
    """A response whose body has not been read. Raises only errors of this library."""

    __slots__ = ("_attempt", "_body", "_missing", "_response", "headers", "reason", "status")

    def __init__(self, response: Any, attempt: Attempt) -> None:
        self._response = response
        self._attempt = attempt
        attempt.responded = True
        # http.client's response: what urllib3 adds to it costs time and is not needed.
        self._body: Any = attempt.response
        self._missing: int | None = response.length_remaining
        self.status: int = response.status
        self.reason: str = response.reason or http.client.responses.get(response.status, "")
        self.headers: Mapping[str, str] = response.headers

    def read(self, amount: int | None = None) -> bytes:
        """Returns the next bytes of the body as they arrived; none at its end.

        Args:
            amount: How many at most; None reads the rest of the body.

        Raises:
            ubiops.ApiConnectionError: The connection broke, the body ended too early,
                or the attempt was aborted.
            ubiops.ApiTimeoutError: A timeout or the deadline ran out.
        """
        handled = sys.exc_info()[1]
        try:
            data: bytes = self._body.read(amount)
            self._count(len(data), amount is None or (not data and amount > 0))
            return data
        except BaseException as error:
            self._discard()
            failed = self._attempt.translate(error, handled)
        raise failed

    def readinto(self, buffer: memoryview) -> int:
        """Reads the next bytes of the body into a buffer and returns their number.

        The number is 0 at the end of the body.

        Raises:
            ubiops.ApiConnectionError: As for ``read``.
            ubiops.ApiTimeoutError: A timeout or the deadline ran out.
        """
        handled = sys.exc_info()[1]
        try:
            amount: int = self._body.readinto(buffer)
            self._count(amount, not amount)
            return amount
        except BaseException as error:
            self._discard()
            failed = self._attempt.translate(error, handled)
        raise failed

    def read_available(self, amount: int) -> bytes:
        """Returns the next bytes as soon as there are any; none at the end of the body.

        Args:
            amount: How many at most.

        Raises:
            ubiops.ApiConnectionError: As for ``read``.
            ubiops.ApiTimeoutError: A timeout or the deadline ran out.
        """
        handled = sys.exc_info()[1]
        try:
            # Before 3.12, http.client does not count what read1 returns.
            data: bytes = self._body.read1(amount if self._missing is None else min(amount, self._missing))
            self._count(len(data), not data)
            if self._missing == 0:
                self._body.close()
                self._response.release_conn()
            return data
        except BaseException as error:
            self._discard()
            failed = self._attempt.translate(error, handled)
        raise failed

    def views(self, size: int) -> Iterator[memoryview]:
        """Yields the body in views of one buffer. A view is valid until the next one is
        requested, which saves allocating memory for each block.

        Raises:
            ubiops.ApiConnectionError: As for ``read``.
            ubiops.ApiTimeoutError: A timeout or the deadline ran out.
        """
        buffer = memoryview(bytearray(size))
        while amount := self.readinto(buffer):
            yield buffer[:amount]

    def _count(self, amount: int, ended: bool) -> None:
        attempt = self._attempt
        if attempt.aborted:
            raise Aborted("aborted")
        if self._missing is not None:
            self._missing -= amount
            if ended and self._missing:
                raise http.client.IncompleteRead(b"", self._missing)
        elif ended and attempt.ends_with_connection and attempt.truncated:
            raise http.client.IncompleteRead(b"")
        if self._body.isclosed():
            self._response.release_conn()

    def abort(self) -> None:
        """Makes the read in another thread fail, and all later reads."""
        self._attempt.abort()

    def close(self) -> None:
        """Returns the connection to the pool if the body was read, else closes it."""
        if not self._body.isclosed():
            # The rest of the body would be read as the next response.
            self._discard()
        else:
            self._response.release_conn()

    def _discard(self) -> None:
        self._response.close()
        self._response.release_conn()
