"""Suggestions for names that do not exist. Imported only when there is one."""

from __future__ import annotations

import sys
import warnings
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiTypeError, UnknownFieldWarning

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Returns the name that was probably meant; empty if none is near."""
    by_lower: dict[str, str] = {}
    for one in names:
        by_lower.setdefault(one.lower(), one)
    near = get_close_matches(name.lower(), by_lower, 1, cutoff)
    return by_lower[near[0]] if near else ""


def suggest(name: str, names: Iterable[str], otherwise: str) -> str:
    """Returns a suggestion: the nearest name, or all of them.

    Args:
        name: The name that does not exist.
        names: Those that do.
        otherwise: What to write before all names, such as ``it accepts``.
    """
    names = list(names)
    near = nearest(name, names)
    return f"did you mean {near!r}?" if near else f"{otherwise} {', '.join(names)}"


def unnamed(code: CodeType, extra: tuple[Any, ...]) -> ApiTypeError:
    """Returns the error for values that were given by position and must be named.

    Args:
        code: The code of the method.
        extra: The values after its last positional argument.
    """
    most = code.co_argcount
    positional = ", ".join(code.co_varnames[1:most])
    named = ", ".join(f"{name}=..." for name in code.co_varnames[most : most + code.co_kwonlyargcount])
    return ApiTypeError(
        f"{code.co_name}() accepts at most {most - 1} positional arguments ({positional}), "
        f"got {most - 1 + len(extra)}; give the others by name: {named}"
    )


def warn(message: str, category: type[Warning] = UnknownFieldWarning) -> None:
    """Issues a warning at the line of the user's code."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("ubiops."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
