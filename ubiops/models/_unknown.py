"""Names that are not fields of a model: warnings and suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._core.suggestions import nearest, suggest, warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ubiops.models._base import Model


def warn_unknown(cls: type[Model], name: str, consequence: str) -> None:
    """Warns that a model has no such field.

    Args:
        cls: The class of the model.
        name: The name that was given.
        consequence: What happens with the value.
    """
    meant = suggest(name, cls._by_name, otherwise="it has")
    warn(f"{cls.__name__} has no field {name!r}, {consequence}; {meant}")


def warn_misspelled(cls: type[Model], data: Mapping[str, object], where: str) -> None:
    """Warns of each key of a dict that resembles a field which the dict lacks."""
    for key in data:
        if isinstance(key, str) and key not in cls._by_key:
            near = nearest(key, (one for one in cls._by_key if data.get(one) is None), 0.7)
            if near:
                warn(f"{where} has no field {key!r}, but it is sent; did you mean {near!r}?")
