"""Errors and warnings about packages."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from ubiops._packages.report import PackageReport


class PackageError(ApiValueError):
    """A package can't be made, or has problems that would make its build fail.

    Attributes:
        report: The report with the problems, where the package was validated; None
            otherwise.
    """

    report: PackageReport | None = None


class PackageFileNotFoundError(PackageError, FileNotFoundError):
    """A file of the package does not exist."""


class PackageNotADirectoryError(PackageError, NotADirectoryError):
    """The folder to be packed does not exist, or is a file."""


class PackageFileExistsError(PackageError, FileExistsError):
    """A file already exists where the package would be written."""


class PackageWarning(UserWarning):
    """A file is left out of a package, or is probably included by mistake."""


class UnusableError(Exception):
    """The package can't be unpacked, or has no code to inspect.

    Attributes:
        message: What is wrong.
        hint: What to do about it; None where that is obvious.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


def as_text(value: object, name: str) -> str:
    """Returns a path as text.

    Raises:
        ubiops.ApiTypeError: The value is not a path.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise ApiTypeError(f"{name} must be a path, got {type(value).__name__}: {value!r:.80}")
    path = os.fspath(value)
    return path if isinstance(path, str) else os.fsdecode(path)


def warn(message: str) -> None:
    """Issues a warning that points to the caller of this library."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "ubiops":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, PackageWarning, stacklevel=level)
