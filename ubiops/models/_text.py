"""Models as text: what ``repr`` shows, and JSON."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ubiops.models._writing import as_dict, hidden, is_model, iso_text

if TYPE_CHECKING:
    from ubiops.models._base import Model


def fields_to_show(model: Model) -> dict[str, Any]:
    """Returns the values to show by their names in Python, without secret ones.

    Those of a response are all of them, so that it shows which fields there are. Of a
    model to send, they are those that are given: None means 'not given'.
    """
    cls = type(model)
    shown = {name: getattr(model, name) for name in cls._by_name}
    for one in hidden(model):
        shown[one.name] = "***"
    return {name: value for name, value in shown.items() if value is not None} if cls._strict else shown


def _shown(value: Any) -> str:
    return repr(iso_text(value) if isinstance(value, date) else value)


def model_text(model: Model) -> str:
    """Returns the repr of a model: an expression that recreates it.

    Dates are ISO text, as in JSON. In a field that takes dates, such text is always
    one.
    """
    shown = fields_to_show(model)
    unknown = model.additional_properties
    if unknown:
        shown["additional_properties"] = unknown
    parts = [f"{name}={_shown(value)}" for name, value in shown.items()]
    name = type(model).__name__
    line = f"{name}({', '.join(parts)})"
    if len(line) <= 100 and "\n" not in line:
        return line
    lines = [part.replace("\n", "\n    ") for part in parts]
    return f"{name}(\n" + "".join(f"    {part},\n" for part in lines) + ")"


def json_text(value: Any, indent: int | None) -> str:
    """Returns a model or a list of models as JSON text."""
    # Imported here because it imports models.
    from ubiops._core.codec import dump_text

    if isinstance(value, list):
        return dump_text([_plain(one) for one in value], "list", indent)
    return dump_text(_plain(value), type(value).__name__, indent)


def _plain(value: Any) -> Any:
    # A model to send is left to the codec, which writes what would be sent.
    return as_dict(value) if is_model(value) and not type(value)._strict else value
