"""Counters of work, which are more reliable than a clock on a busy machine."""

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
    """Counts the Python and C functions that this thread calls during some work."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    before = sys.getprofile()
    # A garbage collection in between would add the callbacks registered for it.
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
    """Records each piece that this thread sends through its sockets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pieces: list[bytes] = []
        thread = threading.get_ident()
        sendall = socket.socket.sendall

        def counted(sock: socket.socket, data: Any, *flags: Any) -> None:
            if threading.get_ident() == thread:
                self.pieces.append(bytes(data))
            sendall(sock, data, *flags)

        monkeypatch.setattr(socket.socket, "sendall", counted, raising=False)
