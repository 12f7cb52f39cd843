"""Log lines on the standard error stream, for programs that don't configure logging.

Imported only if ``debug`` or ``UBIOPS_LOG`` asks for it.
"""

from __future__ import annotations

import logging
import sys
import warnings

_log = logging.getLogger("ubiops")
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
"""The values of ``UBIOPS_LOG``."""


class StderrHandler(logging.Handler):
    """Writes to the standard error stream, unless another handler handles the line.

    Whether there is one is decided line by line: a program may configure logging after
    it has created its client.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line."""
        logger: logging.Logger | None = _log
        while logger is not None:
            if any(handler is not self for handler in logger.handlers):
                return
            logger = logger.parent if logger.propagate else None
        try:
            # Looked up each time, because programs and notebooks replace it.
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


_handler = StderrHandler()
_handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))


def add_handler() -> None:
    """Makes the logger ``ubiops`` write to the standard error stream if logging is not
    configured. May be called more than once."""
    _log.addHandler(_handler)


def remove_handler() -> None:
    """Undoes ``add_handler``."""
    _log.removeHandler(_handler)


def log_to_stderr(level: str) -> None:
    """Does what the variable ``UBIOPS_LOG`` asks for. A level that the program has set
    itself is kept.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    name = level.strip().lower()
    if name in LEVELS:
        if _log.level == logging.NOTSET:
            _log.setLevel(LEVELS[name])
        add_handler()
    elif name:
        warnings.warn(
            f"UBIOPS_LOG is {name!r:.40}, which is not a level: use {', '.join(LEVELS)}",
            UserWarning,
            stacklevel=3,
        )
