"""Models as HTML tables, for notebooks.

Everything that a server sent is escaped. The style sets no background and takes the colour
of the text from the notebook, so that it suits light and dark themes. Where a viewer
removes styles, plain tables are left.
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

_MOST_COLUMNS = 10
_MOST_FIELDS = 100
"""The fields of one model. Only unknown ones can be so many."""
_MOST_NESTED = 10
"""The models of a list within a model, and the entries of a dict."""
_DEEPEST = 2
"""The levels of tables within tables."""
_LONG, _SHORT = 500, 60
"""The characters of a text in the table of one model, and of a list."""

_CLASS = "ubiops-models"
# MathJax would read text between dollar signs as a formula.
_OPEN = f'<div class="{_CLASS} tex2jax_ignore mathjax_ignore" style="max-width:100%;overflow-x:auto">'
_STYLE = (
    "<style>"
    ".CLASS table{border-collapse:collapse;margin:.2em 0;font-size:inherit;color:inherit;border:0}"
    ".CLASS th,.CLASS td{text-align:left;vertical-align:top;padding:.25em .75em;border:0;max-width:40em;"
    "border-bottom:1px solid rgba(128,128,128,.25);white-space:nowrap;background:none}"
    ".CLASS td.wrap{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".CLASS th{font-weight:600}"
    ".CLASS .faint{opacity:.55;font-weight:normal}"
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

# The columns of a list that come first, and those that come last.
_FIRST = {name: number for number, name in enumerate(("name", "version", "status"))}
_LAST = frozenset(("id",))


def model_html(model: Model) -> str:
    """Returns a model as a table with a row for each field."""
    name = type(model).__name__
    return f"{_STYLE}{_OPEN}{_note(name)}{_fields(model, 1)}</div>"


def list_html(models: Sequence[Any]) -> str | None:
    """Returns a list of models as a table with a row for each of them.

    Columns without any value are left out, and those that do not fit; a note lists them.

    Returns:
        The table; None if there is nothing in the list, or something that is not a model.
    """
    if not models or not all(is_model(one) for one in models):
        return None
    names = list(dict.fromkeys(type(one).__name__ for one in models))
    note = f"{len(models):,} {names[0] if len(names) == 1 else 'models'}"
    if len(models) > MOST_ROWS:
        note += f", of which the first {MOST_ROWS} are shown"
    table, left_out = _rows(models[:MOST_ROWS], _MOST_COLUMNS, 0)
    more = _note(f"Not shown: {', '.join(left_out)}") if left_out else ""
    return f"{_STYLE}{_OPEN}{_note(note)}{table}{more}</div>"


def _note(text: str) -> str:
    return f'<div class="note faint">{escape(text)}</div>'


# --- tables -----------------------------------------------------------------------------


def _fields(model: Model, depth: int) -> str:
    shown = list(fields_to_show(model).items())
    shown += [(str(name), value) for name, value in model.additional_properties.items()]
    known = type(model)._by_name
    rows = []
    for name, value in shown[:_MOST_FIELDS]:
        # Names that the model does not know are the server's.
        head = _text(name, _SHORT) if name in known else f"<i>{_text(name, _SHORT)}</i>"
        rows.append(f'<tr><th>{head}</th><td class="wrap">{_value(name, value, depth)}</td></tr>')
    more = _note(f"{len(shown) - _MOST_FIELDS:,} more fields") if len(shown) > _MOST_FIELDS else ""
    return f"<table><tbody>{''.join(rows)}</tbody></table>{more}"


def _rows(models: Iterable[Model], most: int, depth: int) -> tuple[str, list[str]]:
    """Returns a table with a row for each model, and the names of the fields left out."""
    values = [fields_to_show(one) for one in models]
    names = list(dict.fromkeys(name for one in values for name in one))
    columns = _columns(names, values, most)
    left_out = [name for name in names if name not in columns]
    if any(one.additional_properties for one in models):
        left_out.append("fields that this version of the library does not know")
    heads = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = []
    for number, one in enumerate(values):
        cells = "".join(f"<td>{_cell(name, one.get(name), depth)}</td>" for name in columns)
        rows.append(f'<tr><td class="faint">{number}</td>{cells}</tr>')
    return f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>", left_out


def _columns(names: list[str], values: list[dict[str, Any]], most: int) -> list[str]:
    """Returns the names of the columns: those with values, the most telling ones first."""
    columns = [name for name in names if any(one.get(name) not in (None, "", [], {}) for one in values)]
    columns.sort(key=lambda name: (_FIRST.get(name, len(_FIRST)), name in _LAST))

    def rank(name: str) -> int:
        if name in _FIRST:
            return 0
        found = next(one[name] for one in values if one.get(name) is not None)
        return 2 if is_model(found) or isinstance(found, (Mapping, list, tuple)) or name in _LAST else 1

    kept = set(sorted(columns, key=rank)[:most])
    return [name for name in columns if name in kept] or names[:1]


# --- values -----------------------------------------------------------------------------


def _value(name: str, value: Any, depth: int) -> str:
    """Returns a value in the table of one model."""
    if is_model(value) and depth < _DEEPEST:
        return _fields(value, depth + 1)
    if isinstance(value, list) and value and depth < _DEEPEST and all(is_model(one) for one in value):
        table, _ = _rows(value[:_MOST_NESTED], _MOST_COLUMNS, depth + 1)
        more = len(value) - _MOST_NESTED
        return table + (_note(f"{more:,} more") if more > 0 else "")
    return _cell(name, value, depth, _LONG)


def _cell(name: str, value: Any, depth: int, longest: int = _SHORT) -> str:
    """Returns a value on one line; text in the table of one model on several."""
    if value is None or (value.__class__ in (str, list, dict) and not value):
        return f'<span class="faint">{value!r}</span>'
    if isinstance(value, datetime):
        return f'<time title="{escape(iso_text(value))}">{escape(_moment(value))}</time>'
    if isinstance(value, date):
        return escape(iso_text(value))
    if isinstance(value, str):
        text = _text(value, longest)
        if name == "status" or name.endswith("_status"):
            return f'<span style="color:{_COLOURS.get(value, _BUSY)}">●</span> {text}'
        return text
    if is_model(value):
        return _text(str(getattr(value, "name", None) or type(value).__name__), longest)
    if isinstance(value, Mapping):
        items = [f"{key}: {_plain(item)}" for key, item in list(value.items())[: _MOST_NESTED + 1]]
        return _text(_joined(items, len(value)), longest)
    if isinstance(value, (list, tuple)):
        return _text(_joined([_plain(one) for one in value[: _MOST_NESTED + 1]], len(value)), longest)
    return _text(truncated_repr(value), longest)


def _moment(value: datetime) -> str:
    text = f"{value:%Y-%m-%d %H:%M:%S}"
    if value.tzinfo is None:
        return text
    return f"{text} UTC" if value.tzinfo is timezone.utc else f"{text} {value:%z}"


def _plain(value: Any) -> str:
    """Returns an item of a list or a dict as text."""
    if is_model(value):
        return str(getattr(value, "name", None) or type(value).__name__)
    return value if isinstance(value, str) else truncated_repr(value)


def _joined(items: list[str], total: int) -> str:
    more = [f"{total - _MOST_NESTED} more"] if total > _MOST_NESTED else []
    return ", ".join([*items[:_MOST_NESTED], *more])


def _text(value: str, longest: int) -> str:
    """Returns text escaped and shortened, without invisible characters."""
    if len(value) > longest:
        value = value[: longest - 1] + "…"
    # Others could change the direction of the text, or hide some of it.
    value = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in value.expandtabs())
    return escape(value if longest == _LONG else " ".join(value.split()))
