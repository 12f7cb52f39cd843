"""The progress of transfers that run at the same time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ubiops._io.progress import progress_bar
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self


class Progress:
    """Adds up the bytes of all threads, and shows them.

    Args:
        bar: Whether to show a progress bar.
        total: The number of bytes; None if it is not known yet.
        label: The text before the bar.
        on_progress: Called with the bytes that were transferred, and all bytes.

    Raises:
        ubiops.ApiTypeError: ``bar`` is not a boolean, or ``on_progress`` no function.
    """

    def __init__(
        self,
        bar: bool,
        total: int | None,
        label: str,
        on_progress: Callable[[int, int | None], object] | None,
    ) -> None:
        if not isinstance(bar, bool):
            raise ApiTypeError(f"_progress_bar must be True or False, got {type(bar).__name__}: {bar!r:.80}")
        if on_progress is not None and not callable(on_progress):
            raise ApiTypeError(f"on_progress must be a function, got {type(on_progress).__name__}")
        self._shown = bar
        self._label = label
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._bar: Any = None
        self._update: Any = None
        self._done = 0
        self._total = total

    def report(self, amount: int, total: int | None = None) -> None:
        """Adds bytes; a negative number takes them back.

        Args:
            amount: How many.
            total: The number of all bytes, if it was not known before.
        """
        with self._lock:
            self._done += amount
            if self._total is None:
                self._total = total
            if self._shown:
                if self._bar is None:
                    self._bar = progress_bar(True, self._total, self._label)
                    self._update = self._bar.__enter__()
                self._update(amount)
            if self._on_progress is not None:
                self._on_progress(self._done, self._total)

    def report_one(self, amount: int, total: int | None = None) -> None:
        """Adds bytes of one of several files, whose size is not that of all."""
        self.report(amount)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.__exit__(None, None, None)
