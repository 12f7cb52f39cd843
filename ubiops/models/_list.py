"""The list that methods return: a list that shows itself as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing_extensions import SupportsIndex

M = TypeVar("M")
_item = list.__getitem__

MOST_ROWS = 50
"""The models of a list that a notebook shows."""


class ModelList(list[M]):
    """A list of models that notebooks show as a table.

    It is a ``list`` in every other respect. Methods that list something return one.
    Make one of models that you have selected, to show them as a table as well::

        ubiops.ModelList(one for one in deployments if one.labels)
    """

    __slots__ = ()

    def to_json(self, indent: int | None = None) -> str:
        """Returns the models as a JSON array, each as its own ``to_json`` writes it.

        Args:
            indent: Spaces for each level. Default: everything on one line.

        Raises:
            ubiops.ApiTypeError: A value has no form in JSON.
            ubiops.ApiValueError: A value is a NaN or an infinity.
        """
        from ubiops.models._text import json_text

        return json_text(self, indent)

    if not TYPE_CHECKING:
        # Type checkers have the overloads of list.

        def __getitem__(self, index: SupportsIndex | slice) -> Any:
            found = _item(self, index)
            return ModelList(found) if index.__class__ is slice else found

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # The same for all protocols. The default one fails for the oldest.
        return ModelList, (list(self),)

    def _repr_html_(self) -> str | None:
        """Returns the models as a table, for notebooks; None if there are none."""
        from ubiops.models._html import list_html

        return list_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Shows the list in IPython, and as text in the file of a notebook."""
        left_out = len(self) - MOST_ROWS
        text = repr(list(self[:MOST_ROWS]))
        if left_out > 0:
            text = f"{text[:-1]},\n ... {left_out:,} more; print() shows all]"
        for number, line in enumerate(text.split("\n")):
            if number:
                printer.break_()
            printer.text(line)
