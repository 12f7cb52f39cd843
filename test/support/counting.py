"""Counts of what code does, which say more of its speed than a clock on a busy machine does."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def function_calls(work: Callable[[], Any]) -> int:
    """How many functions are called while something is done, in this thread: those of Python and those in C."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    before = sys.getprofile()
    # A collection of garbage in between would count the callbacks that others have for it.
    gc.collect()
    gc.disable()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


class Sent:
    """What this thread sends through its sockets, each piece by itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pieces: list[bytes] = []
        thread = threading.get_ident()
        sendall = socket.socket.sendall

        def counted(sock: socket.socket, data: Any, *flags: Any) -> None:
            if threading.get_ident() == thread:
                self.pieces.append(bytes(data))
            sendall(sock, data, *flags)

        monkeypatch.setattr(socket.socket, "sendall", counted, raising=False)
