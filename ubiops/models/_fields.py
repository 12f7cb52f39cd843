"""Declarations of fields in the classes of models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ubiops.models._kinds import Kind, kind_of
from ubiops.models._list import ModelList

if TYPE_CHECKING:
    from ubiops.models._base import Model

_PLAIN: dict[str, type] = {"boolean": bool, "integer": int, "string": str}
"""The classes of values by the kinds that need no other check."""
REQUIRED: Any = object()
"""The default of a field that must be given."""


class Field:
    """One field of a model.

    Attributes:
        owner: The class that declares it.
        name: Its name in Python.
        key: Its name in JSON.
        annotation: Its annotation.
        kind: The kind of its values.
        declared: Its type as the API names it.
        required: Whether it must be given.
        nullable: Whether ``ubiops.NULL`` may be given.
        rules: The limits of its value.
        sufficient: The class whose instances are all valid, so that they need no check;
            None if there is none.
        sensitive: Whether its value is a secret, which is never shown.
        sensitive_unless_false: The name of the boolean field that must be False for the
            value to be shown; empty if no field decides it.
    """

    __slots__ = (
        "_model",
        "annotation",
        "declared",
        "key",
        "kind",
        "name",
        "nullable",
        "owner",
        "required",
        "rules",
        "sensitive",
        "sensitive_unless_false",
        "sufficient",
    )

    owner: type[Model]
    name: str
    annotation: str
    kind: Kind
    nullable: bool
    sufficient: type | None
    _model: type[Model] | None

    def __init__(
        self,
        required: bool,
        key: str,
        declared: str,
        sensitive: bool,
        sensitive_unless_false: str,
        rules: dict[str, Any],
    ) -> None:
        self.required, self.key, self.declared = required, key, declared
        self.sensitive, self.sensitive_unless_false, self.rules = sensitive, sensitive_unless_false, rules

    def bind(self, owner: type[Model], name: str, annotation: str) -> None:
        """Takes its name and its annotation when the class is created."""
        self.owner, self.name, self.annotation = owner, name, annotation
        self.kind = kind_of(annotation)
        self.nullable = " | Null" in annotation
        self.key = self.key or name
        self.declared = self.declared or self.kind.declared
        self.sufficient = None if any(rule is not None for rule in self.rules.values()) else _PLAIN.get(self.kind.name)
        self._model = None

    @property
    def may_be_secret(self) -> bool:
        """Whether error messages leave out the value."""
        return self.sensitive or self.sensitive_unless_false != ""

    def model(self) -> type[Model]:
        """Returns the class of the models in it."""
        cls = self._model
        if cls is None:
            module = self.owner.__module__
            # A generated module imports its neighbours for type checkers only.
            found = getattr(sys.modules[module], self.kind.model, None)
            cls = self._model = found or getattr(sys.modules[module.rpartition(".")[0]], self.kind.model)
        return cls

    def read(self, value: Any) -> Any:
        """Returns a JSON value as the field's type; one of another type unchanged."""
        if self.kind.read:
            return self.kind.read(value)
        if not self.kind.model:
            return value
        # Nested objects and lists are copied: they may belong to from_dict's caller.
        if self.kind.name == "model":
            return self.model()._read(dict(value)) if value.__class__ is dict else value
        if value.__class__ is not list and value.__class__ is not tuple:
            return value
        read = self.model()._read if value else None
        return ModelList(read(dict(item)) if read and item.__class__ is dict else item for item in value)


def field(
    *,
    default: Any = REQUIRED,
    key: str = "",
    min_length: int | None = None,
    max_length: int | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
    pattern_words: str | None = None,
    sensitive: bool = False,
    sensitive_unless_false: str = "",
    declared: str = "",
) -> Any:
    """Declares a field of a model.

    Args:
        default: None for a field that may be left out.
        key: The name in JSON, if it differs from the name in Python.
        min_length: The smallest number of characters.
        max_length: The largest number of characters.
        minimum: The smallest value.
        maximum: The largest value.
        pattern: A regular expression that is found in each valid value.
        pattern_words: The pattern in words, for error messages.
        sensitive: Whether the value is never shown in a repr or an error.
        sensitive_unless_false: The boolean field that must be False for the value to be
            shown.
        declared: The type in ``openapi_types``, if it differs from the annotation's.
    """
    rules = {
        "min_length": min_length,
        "max_length": max_length,
        "minimum": minimum,
        "maximum": maximum,
        "pattern": pattern,
        "pattern_words": pattern_words,
    }
    return Field(default is REQUIRED, key, declared, sensitive, sensitive_unless_false, rules)
