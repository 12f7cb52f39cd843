"""Decides whether a package would build, by reading its code; nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from ubiops._packages.archive import open_archive
from ubiops._packages.errors import UnusableError
from ubiops._packages.layout import find_code
from ubiops._packages.limits import MAXIMUM_CODE_SIZE
from ubiops._packages.source import CodeError, Methods, read_python, read_r

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_MESSAGE = 1024


class Runtime(Protocol):
    """Properties of an environment; its language is ``python`` or ``r``."""

    @property
    def name(self) -> str: ...

    @property
    def language(self) -> str: ...

    @property
    def version(self) -> tuple[int, int]: ...


class Inspection(NamedTuple):
    """The methods of a package, or why its build fails and when."""

    has_request: bool = False
    has_requests: bool = False
    error: str = ""
    # Whether it fails before the code is looked at.
    fails_in_building: bool = False


def inspect(path: Path, environment: Runtime, code_file: str | None = None) -> Inspection:
    """Inspects the package in a file, for a version with this environment.

    The code may be in another file than the usual one.
    """
    try:
        with open_archive(path) as files:
            name = find_code(files.names, environment.language, files.place, environment.name, code_file)
            source = files.read(name, MAXIMUM_CODE_SIZE)
    except UnusableError as error:
        return Inspection(error=_shortened(str(error)), fails_in_building=True)
    try:
        methods = read_python(source, name, environment.version) if environment.language == "python" else read_r(source)
    except CodeError as error:
        return Inspection(error=_shortened(f"{name}: {error}"))
    return _checked(name, methods)


def _checked(name: str, methods: Methods) -> Inspection:
    if methods.request or methods.requests:
        return Inspection(methods.request, methods.requests)
    return Inspection(error=f"{name}: {NO_FUNCTION}")


NO_FUNCTION = "there is neither a function 'request' nor a function 'requests'"


def _shortened(message: str) -> str:
    """Returns a message of at most the length that the API allows."""
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 4] + " ..."
