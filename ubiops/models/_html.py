"""Models as HTML tables, for notebooks.

Everything that a server sent is escaped. The style sets no background and takes the
colour of the text from the notebook, so that it suits light and dark themes. Where a
viewer removes styles, plain tables are left.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Any

from ubiops._core.text import truncated_repr
from ubiops.models._list import MOST_ROWS
from ubiops.models._text import fields_to_show
from ubiops.models._writing import is_model, iso_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ubiops.models._base import Model

_WIDEST = 125
"""The characters of a row of a list; wider columns than fit are left out."""
_MOST_FIELDS = 100
"""The fields of one model. Only unknown ones can be so many."""
_MOST_NESTED = 10
"""The models of a list within a model, and the entries of a dict."""
_DEEPEST = 2
"""The levels of tables within tables."""
_LONG, _SHORT = 500, 40
"""The characters of a text in the table of one model, and of a list."""

_CLASS = "ubiops-models"
# MathJax would read text between dollar signs as a formula.
_OPEN = f'<div class="{_CLASS} tex2jax_ignore mathjax_ignore" style="max-width:100%;overflow-x:auto">'
_STYLE = (
    "<style>"
    # The class twice, to be more specific than the style of Jupyter.
    ".CLASS.CLASS table{border-collapse:collapse;margin:.2em 0;font-size:inherit;color:inherit;border:0}"
    ".CLASS.CLASS table th,.CLASS.CLASS table td{text-align:left;vertical-align:top;"
    "padding:.25em .75em;border:0;max-width:40em;"
    "border-bottom:1px solid rgba(128,128,128,.25);white-space:nowrap;background:none}"
    ".CLASS.CLASS table td.wrap{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".CLASS.CLASS table th{font-weight:600}"
    ".CLASS.CLASS table .faint,.CLASS .note{opacity:.55;font-weight:normal}"
    ".CLASS .note{font-size:.9em;margin:.3em 0 .3em .75em}"
    "</style>"
).replace("CLASS", _CLASS)

_GOOD, _BAD, _BUSY, _IDLE = "#2da44e", "#e5534b", "#c98a00", "#8b949e"
_COLOURS = {
    **dict.fromkeys(("active", "available", "completed", "ok", "running", "success"), _GOOD),
    **dict.fromkeys(("error", "fail", "failed"), _BAD),
    **dict.fromkeys(("cancelled", "stopped", "unavailable"), _IDLE),
}
"""The colours of statuses. Something is still under way with any other."""

# The columns of a list that come first. Ids come last.
_FIRST = {name: number for number, name in enumerate(("name", "version", "status"))}
_ID_LENGTH = 36


def model_html(model: Model) -> str:
    """Returns a model as a table with a row for each field."""
    name = type(model).__name__
    return f"{_STYLE}{_OPEN}{_note(name)}{_fields(model, 1)}</div>"


def list_html(models: Sequence[Any]) -> str | None:
    """Returns a list of models as a table with a row for each of them.

    Columns without any value are left out, and those that do not fit; a note lists
    them.

    Returns:
        The table; None if there is nothing in the list, or something that is not a
        model.
    """
    if not models or not all(is_model(one) for one in models):
        return None
    names = list(dict.fromkeys(type(one).__name__ for one in models))
    note = f"{', '.join(names)}: {len(models):,} item{'s' if len(models) > 1 else ''}"
    if len(models) > MOST_ROWS:
        note += f", of which the first {MOST_ROWS} are shown"
    table, left_out = _rows(models[:MOST_ROWS])
    more = _note(f"Not shown: {', '.join(left_out)}") if left_out else ""
    return f"{_STYLE}{_OPEN}{_note(note)}{table}{more}</div>"


def _note(text: str) -> str:
    return f'<div class="note faint">{escape(text)}</div>'


# --- tables ---------------------------------------------------------------------------


def _fields(model: Model, depth: int) -> str:
    shown = list(fields_to_show(model).items())
    shown += [(str(name), value) for name, value in model.additional_properties.items()]
    known = type(model)._by_name
    rows = []
    for name, value in shown[:_MOST_FIELDS]:
        # Names that the model does not know are the server's.
        head = escape(_shorten(name, _SHORT)) if name in known else f"<i>{escape(_shorten(name, _SHORT))}</i>"
        rows.append(f'<tr><th>{head}</th><td class="wrap">{_value(name, value, depth)}</td></tr>')
    more = _note(f"{len(shown) - _MOST_FIELDS:,} more fields") if len(shown) > _MOST_FIELDS else ""
    return f"<table><tbody>{''.join(rows)}</tbody></table>{more}"


def _rows(models: Iterable[Model]) -> tuple[str, list[str]]:
    """Returns a table with a row for each model, and the names of omitted fields."""
    models = list(models)
    values = [fields_to_show(one) for one in models]
    names = list(dict.fromkeys(name for one in values for name in one))
    columns = _columns(names, values)
    left_out = [name for name in names if name not in columns]
    if any(one.additional_properties for one in models):
        left_out.append("fields that this version of the library does not know")
    heads = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = []
    for number, one in enumerate(values):
        cells = "".join(f"<td>{_cell(name, one.get(name), _SHORT)}</td>" for name in columns)
        rows.append(f'<tr><td class="faint">{number}</td>{cells}</tr>')
    return f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>", left_out


def _columns(names: list[str], values: list[dict[str, Any]]) -> list[str]:
    """Returns the names of the columns: those that have values, as many as fit."""
    ranks: dict[str, int] = {}
    widths: dict[str, int] = {}
    for name in names:
        present = [one[name] for one in values if not _is_empty(one.get(name))]
        if present:
            widths[name] = 3 + max(len(name), *(len(_plain(value, _SHORT)) for value in present))
            ranks[name] = _rank(name, present[0])
    # Sorting is stable: within a rank, the order of the model holds.
    left = _WIDEST
    kept: set[str] = set()
    for name in sorted(ranks, key=ranks.__getitem__):
        if widths[name] <= left or not kept:
            kept.add(name)
            left -= widths[name]
    first = len(_FIRST)
    shown = sorted(kept, key=lambda name: (_FIRST.get(name, first), ranks[name] == _RANK_OF_IDS, names.index(name)))
    return shown or names[:1]


_RANK_OF_IDS = 3


def _rank(name: str, value: Any) -> int:
    """Returns how soon a column is left out, by its name and a value."""
    if name in _FIRST:
        return 0
    if isinstance(value, str) and len(value) == _ID_LENGTH and value.count("-") == 4:
        return _RANK_OF_IDS
    return 2 if is_model(value) or isinstance(value, (Mapping, list, tuple)) or name == "id" else 1


# --- values ---------------------------------------------------------------------------


def _is_empty(value: Any) -> bool:
    if is_model(value):
        return not any(one is not None for one in fields_to_show(value).values()) and not value.additional_properties
    return value is None or (isinstance(value, (str, list, tuple, Mapping)) and not value)


def _value(name: str, value: Any, depth: int) -> str:
    """Returns a value in the table of one model."""
    if is_model(value) and depth < _DEEPEST and not _is_empty(value):
        return _fields(value, depth + 1)
    if isinstance(value, list) and value and depth < _DEEPEST and all(is_model(one) for one in value):
        table, _ = _rows(value[:_MOST_NESTED])
        more = len(value) - _MOST_NESTED
        return table + (_note(f"{more:,} more") if more > 0 else "")
    return _cell(name, value, _LONG)


def _cell(name: str, value: Any, longest: int) -> str:
    """Returns a value without a table of its own."""
    if _is_empty(value):
        return f'<span class="faint">{"{}" if is_model(value) else escape(repr(value))}</span>'
    text = escape(_plain(value, longest))
    if isinstance(value, date):
        return f'<time title="{escape(iso_text(value))}">{text}</time>'
    if isinstance(value, str) and (name == "status" or name.endswith("_status")):
        return f'<span style="color:{_COLOURS.get(value, _BUSY)}">●</span> {text}'
    return text


def _plain(value: Any, longest: int) -> str:
    """Returns a value as text."""
    if isinstance(value, str):
        return _shorten(value, longest)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return iso_text(value)
    if is_model(value):
        name = getattr(value, "name", None)
        given = {key: item for key, item in fields_to_show(value).items() if item is not None}
        return _plain(name if isinstance(name, str) and name else given, longest)
    items: list[str] | None = None
    if isinstance(value, Mapping):
        items = [f"{key}: {_item(item)}" for key, item in list(value.items())[:_MOST_NESTED]]
    elif isinstance(value, (list, tuple)):
        items = [_item(item) for item in value[:_MOST_NESTED]]
    if items is None:
        return _shorten(truncated_repr(value), longest)
    more = [f"{len(value) - _MOST_NESTED:,} more"] if len(value) > _MOST_NESTED else []
    return _shorten(", ".join([*items, *more]), longest)


def _item(value: Any) -> str:
    """Returns an item of a list or a dict as text."""
    if isinstance(value, str) or is_model(value):
        return _plain(value, _SHORT)
    return truncated_repr(value)


def _moment(value: datetime) -> str:
    text = f"{value:%Y-%m-%d %H:%M:%S}"
    if value.tzinfo is None:
        return text
    return f"{text} UTC" if value.tzinfo is timezone.utc else f"{text} {value:%z}"


def _shorten(value: str, longest: int) -> str:
    """Returns shortened text without invisible characters, on one line if short."""
    if len(value) > longest:
        value = value[: longest - 1] + "…"
    # Invisible characters could change the direction of the text, or hide some of it.
    value = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in value.expandtabs())
    return value if longest == _LONG else " ".join(value.split())
