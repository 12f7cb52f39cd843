"""A model's docstring, signature and fields as a dataclass, created on demand."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ubiops.models._base import Model

_RAISES = """\
Raises:
    ubiops.ApiTypeError: Fields have the wrong types.
    ubiops.ApiValueError: A field is missing or breaks a rule. The message names each
        invalid field, its rule and its value."""


def signature(cls: type[Model]) -> inspect.Signature:
    """Returns the signature of the constructor: a keyword argument for each field."""
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.required else None,
                annotation=field.annotation,
            )
            for name, field in cls._by_name.items()
        ]
    )


def as_dataclass(cls: type[Model]) -> type:
    """Returns a dataclass with the fields that a model shows as its own."""
    return dataclasses.make_dataclass(
        cls.__name__,
        [(name, field.annotation, dataclasses.field(default=None)) for name, field in cls._by_name.items()],
        init=False,
        # pprint would write a model's fields itself.
        repr=False,
        eq=False,
    )


def documentation(cls: type[Model]) -> str | None:
    """Returns the docstring of a model with the descriptions of its fields.

    Returns:
        The text; None if the class has no docstring.
    """
    if cls._description is None:
        return None
    described: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        described.update(_descriptions(base))
    entries = []
    for name, field in cls._by_name.items():
        text = " ".join(described.get(name, field.declared).split())
        entries.append(
            textwrap.fill(
                f"{name}: {text}",
                84,
                initial_indent="    ",
                subsequent_indent=" " * 8,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    parts = [inspect.cleandoc(cls._description)]
    if entries:
        parts.append(f"{'Args' if cls._strict else 'Attributes'}:\n" + "\n".join(entries))
    return "\n\n".join([*parts, *([_RAISES] if cls._strict else [])])


def _descriptions(cls: type) -> dict[str, str]:
    """Returns the docstrings of the fields of a class, which are only in its source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        # There is no source, as for a built-in class or in a program that was frozen.
        return {}
    body = getattr(tree.body[0], "body", [])
    found = {}
    for statement, following in zip(body, body[1:]):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[statement.target.id] = following.value.value
    return found
