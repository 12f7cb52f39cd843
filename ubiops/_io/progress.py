"""Progress bars on terminals and in notebooks, with the extra ``ubiops[progress]``."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiValueError

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

    Raises:
        ubiops.ApiValueError: tqdm is not installed.
    """
    if not wanted:
        yield None
        return
    try:
        tqdm = _find_bar()
    except ImportError:
        raise ApiValueError("_progress_bar=True needs tqdm: pip install 'ubiops[progress]'") from None
    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, desc=label) as bar:
        yield bar.update


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
