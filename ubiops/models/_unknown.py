"""Names that are not fields of a model: warnings and suggestions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ubiops.exceptions import UnknownFieldWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ubiops.models._base import Model


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Returns the name that was probably meant; empty if none is near."""
    # Imported here because importing it takes longer than importing all models.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, 1, cutoff)), "")


def warn_unknown(cls: type[Model], name: str, consequence: str) -> None:
    """Warns that a model has no such field.

    Args:
        cls: The class of the model.
        name: The name that was given.
        consequence: What happens with the value.
    """
    near = nearest(name, cls._by_name)
    meant = f"did you mean {near!r}?" if near else f"it has {', '.join(cls._by_name)}"
    _warn(f"{cls.__name__} has no field {name!r}, {consequence}; {meant}")


def warn_misspelled(cls: type[Model], data: Mapping[str, object], where: str) -> None:
    """Warns of each key of a dict that resembles a field which the dict lacks."""
    for key in data:
        if isinstance(key, str) and key not in cls._by_key:
            near = nearest(key, (one for one in cls._by_key if data.get(one) is None), 0.7)
            if near:
                _warn(f"{where} has no field {key!r}, but it is sent; did you mean {near!r}?")


def _warn(message: str) -> None:
    import warnings

    # At the line of the user's code, wherever this was called from.
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("ubiops."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UnknownFieldWarning, stacklevel=level)
