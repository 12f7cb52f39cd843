"""What all models share: a JSON object behind typed attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ubiops.exceptions import ApiTypeError
from ubiops.models._fields import Field, field
from ubiops.models._list import ModelList
from ubiops.models._storage import Storage, attribute_of
from ubiops.models._writing import NULL, Null, as_dict, given, is_uuid, json_default, others, settle

if TYPE_CHECKING:
    import dataclasses

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """For type checkers only."""
        return lambda cls: cls


F = TypeVar("F")
M = TypeVar("M", bound="Model")
new = object.__new__
# The kinds of fields whose values can be changed.
_DEEP = frozenset(("any", "list", "map", "model", "object"))

__all__ = ["NULL", "Model", "Null", "RequestModel", "field", "is_uuid", "json_default"]


class _Fixed:
    """A method that no key of the JSON object can hide.

    It has a ``__set__``, and so is found before the instance's dict, which is that
    object.
    """

    def __init__(self, function: Any) -> None:
        self._function = function

    def __get__(self, model: Any, owner: type) -> Any:
        return self._function.__get__(model, owner)

    def __set__(self, model: Any, value: Any) -> None:
        raise AttributeError(f"an attribute of the class {type(model).__name__} can't be set")


class _PerClass(_Fixed):
    """A value that is computed from the class when it is first asked for."""

    def __init__(self, function: Any, name: str = "") -> None:
        super().__init__(function)
        self._name = name

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, model: Any, owner: type[Model]) -> Any:
        values = owner._computed
        if self._name not in values:
            values[self._name] = self._function(owner)
        return values[self._name]


if TYPE_CHECKING:

    def fixed(function: F) -> F: ...

else:
    fixed = _Fixed


def _documentation(cls: type[Model]) -> str | None:
    from ubiops.models._about import documentation

    return documentation(cls)


def _as_dataclass(cls: type[Model]) -> Any:
    from ubiops.models._about import as_dataclass

    return as_dataclass(cls)


def _signature(cls: type[Model]) -> Any:
    from ubiops.models._about import signature

    return signature(cls)


def _reader(cls: type[M], unread: int) -> Callable[[dict[str, Any]], M]:
    def read(data: dict[str, Any]) -> M:
        model = new(cls)
        model._values = data
        model._unread = unread
        model._received = len(data)
        return model

    return read


def read_all(cls: type[M], objects: list[dict[str, Any]]) -> ModelList[M]:
    """Returns models of JSON objects, which then belong to the models."""
    unread = cls._next_bit - 1
    models = ModelList(map(new, repeat(cls, len(objects))))
    # In the frame of one function, which is faster than a call for each.
    for model, data in zip(models, objects):
        model._values = data
        model._unread = unread
        model._received = len(data)
    return models


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Model(Storage):
    """The base of all models: a JSON object of the API with typed attributes.

    Reading a response never fails because of its shape. A field that the server left
    out is None. A field that the model does not know is kept in
    ``additional_properties`` and returned by ``to_dict``.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        openapi_types: ClassVar[dict[str, str]]
        """The type of each attribute, as the API names it."""
        attribute_map: ClassVar[dict[str, str]]
        """The JSON name of each attribute."""
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    else:
        openapi_types = _PerClass(lambda cls: {name: field.declared for name, field in cls._by_name.items()})
        attribute_map = _PerClass(lambda cls: {name: field.key for name, field in cls._by_name.items()})
        __signature__ = _PerClass(_signature)
        # pandas makes a column of each field of a dataclass. `dataclasses.asdict` and
        # `replace` work too.
        __dataclass_fields__ = _PerClass(lambda cls: _as_dataclass(cls).__dataclass_fields__)
        __dataclass_params__ = _PerClass(lambda cls: _as_dataclass(cls).__dataclass_params__)

    _by_name: ClassVar[dict[str, Field]] = {}
    """The fields by their names in Python."""
    _by_key: ClassVar[dict[str, Field]] = {}
    """The fields by their names in JSON."""
    _attributes: ClassVar[dict[str, property]] = {}
    """The properties, which some of the fields have."""
    _next_bit: ClassVar[int] = 1
    """The bit of ``_unread`` for the next property."""
    _absent: ClassVar[dict[str, Any]] = {}
    """None for each field, by its name in JSON."""
    _deep: ClassVar[tuple[str, ...]] = ()
    """The JSON names of the fields of which a copy is a deep one."""
    _nested: ClassVar[tuple[Field, ...]] = ()
    _secrets: ClassVar[tuple[Field, ...]] = ()
    _strict: ClassVar[bool] = False
    """Whether setting an attribute that is not a field gives a warning."""
    _description: ClassVar[str | None] = None
    _computed: ClassVar[dict[str, Any]] = {}
    _read: ClassVar[Callable[[dict[str, Any]], Any]]
    """Returns a model of a JSON object, which then belongs to the model."""

    def __init_subclass__(cls) -> None:
        fields, attributes = dict(cls._by_name), dict(cls._attributes)
        for name, annotation in getattr(cls, "__annotations__", {}).items():
            declared = cls.__dict__.get(name)
            if not isinstance(declared, Field):
                continue
            declared.bind(cls, name, annotation)
            fields[name] = declared
            attribute = attribute_of(declared, cls._next_bit)
            if attribute:
                attributes[name] = attribute
                cls._next_bit <<= 1
            # Where the instance's dict has no value, the class has None.
            setattr(cls, name, attribute)
        cls._by_name, cls._attributes, cls._computed = fields, attributes, {}
        cls._by_key = {one.key: one for one in fields.values()}
        cls._absent = dict.fromkeys(cls._by_key)
        cls._deep = tuple(one.key for one in fields.values() if one.kind.name in _DEEP)
        cls._nested = tuple(one for one in fields.values() if one.kind.model)
        cls._secrets = tuple(one for one in fields.values() if one.may_be_secret)
        cls._read = staticmethod(_reader(cls, cls._next_bit - 1))
        cls._description = cls.__dict__.get("__doc__")
        cls.__doc__ = _PerClass(_documentation, "__doc__")  # type: ignore[assignment]

    def __init__(self, *args: Any, **fields: Any) -> None:
        cls = type(self)
        if args:
            from ubiops.models._positions import by_name

            fields = by_name(cls, args, fields)
        values = {}
        known = cls._by_name
        for name, value in fields.items():
            if value is None:
                continue
            one = known.get(name)
            if one is not None:
                values[one.key] = value
            else:
                _warn_unknown(cls, name, "which is ignored")
        _fill(self, values, len(values))
        if not cls._strict:
            # As in a response: ISO text stands for a date, and a dict for a model.
            self._unread = cls._next_bit - 1

    @property
    def additional_properties(self) -> dict[str, Any]:
        """A copy of the fields of the object that this model does not know."""
        return others(self)[0]

    @fixed
    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads a JSON object as a response is read: its shape never matters.

        Args:
            data: The object, with the names that the API uses. It is not changed.

        Returns:
            The model. Fields that ``data`` lacks are None; unknown ones are kept.

        Raises:
            ubiops.ApiTypeError: ``data`` is not a mapping.
        """
        if not isinstance(data, Mapping):
            raise ApiTypeError(f"{cls.__name__}.from_dict() needs a mapping, got {type(data).__name__}")
        model: Self = cls._read(dict(data))
        return model

    @fixed
    def to_dict(self) -> dict[str, Any]:
        """Returns the model as a dict of plain values.

        Returns:
            A dict with every field (None where there is none) and the unknown fields
            of the object. Nested models are dicts, dates stay ``datetime``.
        """
        return as_dict(self)

    @fixed
    def to_str(self) -> str:
        """Returns ``to_dict`` in readable lines, without secret values."""
        # Importing it takes longer than importing all models.
        import pprint

        return pprint.pformat(as_dict(self, redacted=True))

    @fixed
    def to_json(self, indent: int | None = None) -> str:
        """Returns the model as JSON text, with dates in ISO 8601.

        It has the fields that ``repr`` shows: all of a response, and those that are
        given of a model to send. Secret values are not redacted.

        Args:
            indent: Spaces for each level. Default: everything on one line.

        Raises:
            ubiops.ApiTypeError: A value has no form in JSON.
            ubiops.ApiValueError: A value is a NaN or an infinity.
        """
        from ubiops.models._text import json_text

        return json_text(self, indent)

    @fixed
    def _to_json(self) -> dict[str, Any]:
        """Returns the fields to send, without those that are not given.

        Nested models are left to ``json_default``. Nested dicts are read as the models
        that they stand for, so that None means 'not given' in them too.
        """
        cls = type(self)
        values = given(self)
        for one in cls._nested:
            if one.key in values:
                values[one.key] = one.read(values[one.key])
        return values

    def __repr__(self) -> str:
        from ubiops.models._text import model_text

        return model_text(self)

    @fixed
    def _repr_html_(self) -> str:
        """Returns the model as a table, for notebooks."""
        from ubiops.models._html import model_html

        return model_html(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or other.__class__ is not self.__class__:
            return NotImplemented
        settle(self)
        settle(other)
        return given(self) == given(other)

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *filter(str.isidentifier, map(str, self._values))})

    @fixed
    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # By name, so that a pickle outlives a change of the order of fields.
        settle(self)
        return _restore, (type(self), dict(self._values), self._received)

    @fixed
    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        import copy

        settle(self)
        return _restore(type(self), copy.deepcopy(self._values, memo), self._received)

    if not TYPE_CHECKING:

        @_Fixed
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            # Otherwise pydantic would take a model for a dataclass that it may copy.
            from pydantic_core.core_schema import is_instance_schema

            return is_instance_schema(cls)

        # Hidden from type checkers, which would accept every attribute.
        @property
        def __dict__(self) -> dict[str, Any]:
            """What ``vars`` shows: ``_name`` entries, as in the official client."""
            unknown, extra = others(self)
            return {**{f"_{name}": getattr(self, name) for name in type(self)._by_name}, **unknown, **extra}


class RequestModel(Model):
    """The base of the models that are sent.

    They are validated when they are built, and again when they are sent.
    """

    __slots__ = ()

    _strict: ClassVar[bool] = True

    if not TYPE_CHECKING:

        def __init__(self, *args: Any, **fields: Any) -> None:
            __tracebackhide__ = True
            super().__init__(*args, **fields)
            _validate(self, type(self).__name__)

        def __setattr__(self, name: str, value: Any) -> None:
            if not hasattr(type(self), name) and name not in self._values:
                _warn_unknown(type(self), name, "so it is not sent")
            super().__setattr__(name, value)


def _load_validate(model: Model, where: str) -> None:
    """Takes the place of ``validate`` until it is first needed: programs that only read
    models don't import it. An import in each constructor would be slow.
    """
    __tracebackhide__ = True
    global _validate
    from ubiops.models._checks import validate

    _validate = validate
    validate(model, where)


_validate: Callable[[Model, str], None] = _load_validate


def _warn_unknown(cls: type[Model], name: str, consequence: str) -> None:
    from ubiops.models._unknown import warn_unknown

    warn_unknown(cls, name, consequence)


def _fill(model: Model, values: dict[str, Any], received: int) -> None:
    # Not by assignment, which for a request model looks for misspelled names.
    put = object.__setattr__
    put(model, "_values", values)
    put(model, "_unread", 0)
    put(model, "_received", received)


def _restore(cls: type[M], values: dict[str, Any], received: int) -> M:
    model = new(cls)
    _fill(model, values, received)
    return model
