"""The progress of a file on the terminal, where ``ubiops[progress]`` is installed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bar(wanted: bool, total: int | None, what: str) -> Iterator[Callable[[int], Any] | None]:
    """A bar that is told of each block of bytes; None when none is wanted.

    Args:
        wanted: Whether to show one.
        total: Bytes of the whole file, if that is known.
        what: What to write before it.

    Raises:
        ubiops.ApiValueError: It is wanted, and tqdm is not installed.
    """
    if not wanted:
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ApiValueError("_progress_bar=True needs tqdm: pip install 'ubiops[progress]'") from None
    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, desc=what) as bar:
        yield bar.update
