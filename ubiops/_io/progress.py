"""Progress bars on terminals and in notebooks: those of tqdm if the extra
``ubiops[progress]`` is installed, else plain text."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HINT = "The progress bar is shown as text. To show it as a widget: pip install ipywidgets"
_hinted = False


@contextlib.contextmanager
def progress_bar(wanted: bool, total: int | None, label: str) -> Iterator[Callable[[int], Any] | None]:
    """Shows a progress bar, and returns a function to call with the size of each block.

    Returns None without a bar.

    Args:
        wanted: Whether to show a bar.
        total: Bytes of the whole file, if known.
        label: The text before the bar.
    """
    if not wanted:
        yield None
        return
    try:
        tqdm = _find_bar()
    except ImportError:
        yield from _plain_bar(total, label)
        return
    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, desc=label) as bar:
        yield bar.update


def _plain_bar(total: int | None, label: str) -> Iterator[Callable[[int], Any]]:
    """Shows progress as one line of text, on terminals only."""
    stream = sys.stderr
    shown, received, began = "", 0, stream is not None and stream.isatty()

    def advance(size: int) -> None:
        nonlocal shown, received
        received += size
        text = f"{label}: {received * 100 // total}%" if total else f"{label}: {received >> 20} MiB"
        if stream is not None and began and text != shown:
            shown = text
            stream.write(f"\r{text}")
            stream.flush()

    try:
        yield advance
    finally:
        if stream is not None and shown:
            stream.write("\n")


def _find_bar() -> Any:
    """Returns the class of bars: widgets in notebooks that show them, else text."""
    global _hinted
    if in_notebook() and importlib.util.find_spec("ipywidgets") is None:
        # With tqdm.auto, a long warning about IProgress would say the same.
        from tqdm import tqdm as text_bar

        if not _hinted:
            _hinted = True
            print(_HINT, file=sys.stderr)  # noqa: T201 - a notebook shows it above the bar
        return text_bar
    from tqdm.auto import tqdm

    return tqdm


def in_notebook() -> bool:
    """Whether the program runs in the kernel of a notebook."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return "IPKernelApp" in (getattr(shell, "config", None) or ())
