"""The kinds of fields, read from the annotations of the generated classes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ubiops._core.dates import read_date, read_datetime

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind:
    """The type of a field.

    Attributes:
        name: ``string``, ``integer``, ``number``, ``boolean``, ``datetime``, ``date``,
            ``any``, ``object`` (a dict of anything), ``map`` (a dict of ``item``),
            ``list`` (of ``item``), ``choice`` or ``model``.
        declared: The type as the API names it, such as ``list[DeploymentList]``.
        item: The kind of the elements of a list or a map.
        model: The name of the model, or of the models in the list; or empty.
        choices: The values of a choice.
        read: Makes a date of a JSON value; None for other kinds.
    """

    __slots__ = ("choices", "declared", "item", "model", "name", "read")

    def __init__(
        self,
        name: str,
        declared: str,
        *,
        item: Kind | None = None,
        model: str = "",
        choices: tuple[str, ...] | tuple[int, ...] = (),
        read: Callable[[Any], Any] | None = None,
    ) -> None:
        self.name, self.declared, self.item, self.model = name, declared, item, model
        self.choices, self.read = choices, read


_kinds: dict[str, Kind] = {
    "str": Kind("string", "str"),
    "int": Kind("integer", "int"),
    "float": Kind("number", "float"),
    "bool": Kind("boolean", "bool"),
    "datetime": Kind("datetime", "datetime", read=read_datetime),
    "date": Kind("date", "date", read=read_date),
    "Any": Kind("any", "object"),
}
# Other values that are accepted stand behind the type, in this order from the end.
_OTHERS = (" | None", " | Null", " | str", " | Mapping[str, Any]")


def kind_of(annotation: str) -> Kind:
    """Returns the kind that an annotation in a generated model stands for."""
    kind = _kinds.get(annotation)
    if kind is None:
        text = annotation
        for other in _OTHERS:
            if text.endswith(other):
                text = text[: -len(other)]
        kind = _kinds[annotation] = _kinds.get(text) or _parse(text)
    return kind


def _parse(text: str) -> Kind:
    outer, bracket, inner = text[:-1].partition("[")
    if not bracket:
        return Kind("model", text, model=text)
    if outer == "Literal":
        return _choice(inner)
    if outer in ("list", "Sequence"):
        item = kind_of(inner)
        return Kind("list", f"list[{item.declared}]", item=item, model=item.model)
    item = kind_of(inner.partition(", ")[2])
    if item.name == "any":
        return Kind("object", "object")
    return Kind("map", f"dict(str, {item.declared})", item=item)


def _choice(source: str) -> Kind:
    # Not with ast.literal_eval: importing ast takes longer than importing all models.
    texts = re.findall(r"""['"]([^'"]*)['"]""", source)
    if texts:
        return Kind("choice", "str", choices=tuple(texts))
    return Kind("choice", "int", choices=tuple(map(int, source.split(", "))))
