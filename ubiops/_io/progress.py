"""Progress bars on the terminal, with the extra ``ubiops[progress]``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bar(wanted: bool, total: int | None, label: str) -> Iterator[Callable[[int], Any] | None]:
    """Shows a progress bar, and returns a function to call with the size of each block.

    Returns None without a bar.

    Args:
        wanted: Whether to show a bar.
        total: Bytes of the whole file, if known.
        label: The text before the bar.

    Raises:
        ubiops.ApiValueError: tqdm is not installed.
    """
    if not wanted:
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ApiValueError("_progress_bar=True needs tqdm: pip install 'ubiops[progress]'") from None
    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, desc=label) as bar:
        yield bar.update
