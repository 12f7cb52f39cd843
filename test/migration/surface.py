"""Compares the public surface of two clients: what one has and the other lacks or has
differently. What the other has in addition is no difference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Surface = dict[str, Any]


def differences(theirs: Surface, ours: Surface) -> list[str]:
    """Returns each difference as a line: the place, and what is different about it."""
    return sorted(
        {
            *_names("ubiops", theirs["package"], ours["package"]),
            *_names("ubiops.CoreApi", theirs["area_attributes"], ours["area_attributes"]),
            *_names("ubiops.utils", theirs["utils"], ours["utils"]),
            *_areas(theirs, ours),
            *_methods(theirs["methods"], ours["methods"]),
            *_twins(theirs["twins"], ours["twins"]),
            *_models(theirs["models"], ours["models"]),
            *_exceptions(theirs["exceptions"], ours["exceptions"]),
            *_members("ubiops.ApiClient", theirs["client"], ours["client"]),
            *_members("ubiops.Configuration", theirs["configuration"], ours["configuration"]),
            *_modules(theirs["modules"], ours["modules"]),
        }
    )


def _names(place: str, theirs: Any, ours: Any) -> Iterator[str]:
    for name in set(theirs) - set(ours):
        yield f"{place}.{name}: missing"


def _areas(theirs: Surface, ours: Surface) -> Iterator[str]:
    for module, name in theirs["area_classes"].items():
        if ours["area_classes"].get(module) != name:
            yield f"ubiops.api.{module}.{name}: missing"


def _methods(theirs: Surface, ours: Surface) -> Iterator[str]:
    yield from _names("ubiops.CoreApi", theirs, ours)
    for name in set(theirs) & set(ours):
        place = f"ubiops.CoreApi.{name}"
        yield from _signature(place, theirs[name], ours[name])
        accepted = {*ours[name]["positional"], *ours[name]["keywords"], *OPTIONS}
        for option in set(theirs[name]["options"]) - accepted - {"kwargs"}:
            yield f"{place}({option}): missing"


OPTIONS = (
    "_preload_content",
    "_progress_bar",
    "_request_stream",
    "_request_timeout",
    "_return_http_data_only",
    "async_req",
)
"""The options of all methods. ``unchanged_options.py`` uses them with each client."""


def _twins(theirs: Surface, ours: Surface) -> Iterator[str]:
    yield from _names("ubiops.api", theirs, ours)
    for name in set(theirs) & set(ours):
        yield from _signature(f"ubiops.api.{name}", theirs[name], ours[name])


def _signature(place: str, theirs: Any, ours: Any) -> Iterator[str]:
    if theirs is None or ours is None:
        if theirs is not None:
            yield f"{place}: is not callable"
        return
    if ours["positional"][: len(theirs["positional"])] != theirs["positional"]:
        yield f"{place}: other positional parameters"
    accepted = {*ours["positional"], *ours["keywords"]}
    if not ours["any"] and (theirs["any"] or set(theirs["keywords"]) - accepted):
        yield f"{place}: fewer keywords"
    if set(ours["required"]) - set(theirs["required"]):
        yield f"{place}: more required parameters"
    if set(theirs["required"]) - set(ours["required"]):
        yield f"{place}: fewer required parameters"


def _models(theirs: Surface, ours: Surface) -> Iterator[str]:
    yield from _names("ubiops", theirs, ours)
    for name in set(theirs) & set(ours):
        place, mine = f"ubiops.{name}", ours[name]
        for field, kind in theirs[name]["types"].items():
            if field not in mine["types"]:
                yield f"{place}.{field}: missing"
            elif mine["types"][field] != kind:
                yield f"{place}.{field}: {mine['types'][field]} instead of {kind}"
            elif mine["keys"][field] != theirs[name]["keys"][field]:
                yield f"{place}.{field}: another name in JSON"
        yield from _names(place, theirs[name]["members"], mine["members"])
        if mine["positional"][: len(theirs[name]["positional"])] != theirs[name]["positional"]:
            agreed = theirs[name]["positional"][: len(mine["positional"])] == mine["positional"]
            yield f"{place}: {'fewer' if agreed else 'other'} positional fields"


def _exceptions(theirs: Surface, ours: Surface) -> Iterator[str]:
    yield from _names("ubiops.exceptions", theirs, ours)
    for name in set(theirs) & set(ours):
        place = f"ubiops.exceptions.{name}"
        for base in set(theirs[name]["bases"]) - set(ours[name]["bases"]):
            yield f"{place}: is not a {base}"
        yield from _signature(place, theirs[name]["init"], ours[name]["init"])


def _members(place: str, theirs: Surface, ours: Surface) -> Iterator[str]:
    yield from _names(place, theirs, ours)
    for name in set(theirs) & set(ours):
        yield from _signature(f"{place}.{name}", theirs[name], ours[name])


def _modules(theirs: Surface, ours: Surface) -> Iterator[str]:
    for module, names in theirs.items():
        if module not in ours:
            if names:
                yield f"{module}: missing"
            continue
        yield from _names(module, names, ours[module])
        for name in set(names) & set(ours[module]):
            # Models and areas are compared in other ways.
            if not module.startswith(("ubiops.models", "ubiops.api")):
                yield from _signature(f"{module}.{name}", names[name], ours[module][name])
