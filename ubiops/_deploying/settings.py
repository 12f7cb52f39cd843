"""Settings that are wanted, and how they differ from those that the API returned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from ubiops.models._base import Model, RequestModel

LABEL = "ubiops-package"
"""The label that holds what was uploaded last, see ``mark``."""
_SAME = {"environment": "environment_name", "environment_name": "environment"}


def read_settings(given: Any, model: type[RequestModel], argument: str, **names: str) -> dict[str, Any]:
    """Returns the settings that a caller gives, as JSON, with the names.

    Args:
        given: A dict or a model; None for no settings.
        model: The model that is sent to create the object.
        argument: The name of the argument, for errors.
        names: The fields with the object's name, which need not be given.

    Raises:
        ubiops.ApiTypeError: They have the wrong type.
        ubiops.ApiValueError: A field does not exist, is not valid, or names another
            object.
    """
    if isinstance(given, model):
        values = dict(given._to_json())
    elif given is None or isinstance(given, Mapping):
        values = dict(given or {})
    else:
        raise ApiTypeError(f"{argument!r} must be a dict or a {model.__name__}, got {type(given).__name__}")
    for name, value in names.items():
        if values.setdefault(name, value) != value:
            raise ApiValueError(f"{argument!r} has {name}={values[name]!r}, but this is {value!r}")
    unknown = sorted(str(name) for name in values if name not in model.attribute_map)
    if unknown:
        raise ApiValueError(f"{argument!r} has no setting {unknown[0]!r}; see {model.__name__} for those that it has")
    return dict(model(**values)._to_json())


def changes(wanted: Mapping[str, Any], found: Model) -> dict[str, Any]:
    """Returns the settings that differ from those of an object."""
    present = found._to_json()
    differing = {}
    for name, value in wanted.items():
        key = name if name in present or name not in _SAME else _SAME[name]
        current = present.get(key)
        equal = value == current if name == "labels" else _agree(value, current)
        if not equal:
            differing[name] = value
    return differing


def _agree(wanted: Any, present: Any) -> bool:
    """Returns whether a value is the one that is wanted. The API may add fields."""
    if isinstance(wanted, dict) and isinstance(present, dict):
        return all(_agree(value, present.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(present, list):
        return len(wanted) == len(present) and all(map(_agree, wanted, present))
    return bool(wanted == present)


def with_mark(wanted: dict[str, Any], found: Model, label: str = LABEL) -> dict[str, Any]:
    """Returns settings whose labels keep the mark of the object, if it has one."""
    if wanted.get("labels") is None:
        return wanted
    marks = {name: value for name, value in labels_of(found).items() if name == label or name.startswith(f"{label}-")}
    return {**wanted, "labels": {**wanted["labels"], **marks}}


def mark(fingerprint: str, revision_id: str) -> str:
    """Returns the value of the label for an upload.

    It names the revision too: after an upload by other means, it doesn't agree with the
    object any more.
    """
    return f"{revision_id.partition('-')[0]}-{fingerprint}"


def labels_of(found: Any) -> dict[str, str]:
    """Returns the labels of an object."""
    return dict(found.labels or {})
