"""What all models share: reading JSON objects, writing them, and showing them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

from ubiops._core.text import truncated_repr
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from typing_extensions import Self

M = TypeVar("M", bound="Model")
T = TypeVar("T")
new = object.__new__
ABSENT: Any = None
"""The default of a field that was not given, in constructors of response models: typed as what is promised."""


class Null:
    """The type of ``ubiops.NULL``."""

    __slots__ = ()
    _instance: ClassVar[Null | None] = None

    def __new__(cls) -> Null:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "ubiops.NULL"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str | tuple[Any, ...]:
        return (Null, ())


NULL = Null()
"""JSON ``null``, to clear a field on the server; ``None`` means that a field is not given."""


class Model:
    """The base of all models: a JSON object of the API with typed attributes.

    A model that is read from an answer takes whatever comes: fields that the server left out are None, fields that the
    model does not know are kept in ``additional_properties`` and given back by ``to_dict``.
    """

    __slots__ = ("_additional", "_unread")

    openapi_types: ClassVar[dict[str, str]] = {}
    """The type of each attribute, as the API names it."""
    attribute_map: ClassVar[dict[str, str]] = {}
    """The name of each attribute in JSON."""
    _nested: ClassVar[tuple[str, ...]] = ()
    _sensitive: ClassVar[dict[str, str]] = {}

    _additional: dict[str, Any] | None
    _unread: int
    """A bit for each field that is ``Late`` and still as it came. Models without such fields leave it alone."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> Self:
        raise TypeError(f"{cls.__name__} is the base of the models and has no fields of its own")

    def _values(self) -> dict[str, Any]:
        """The fields by their names in JSON, as they are."""
        return {}

    @property
    def additional_properties(self) -> dict[str, Any]:
        """A copy of the fields that came with the object and that this model does not know."""
        return dict(self._additional or {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads a JSON object the way an answer is read: nothing is refused for its shape.

        Args:
            data: The object, with the names that the API uses.

        Returns:
            The model. Fields that ``data`` lacks are None; unknown ones are kept.

        Raises:
            ubiops.ApiTypeError: ``data`` is no mapping.
        """
        if not isinstance(data, Mapping):
            raise ApiTypeError(f"{cls.__name__}.from_dict takes a mapping, got {type(data).__name__}")
        return cls._read(data if type(data) is dict else dict(data))

    def to_dict(self) -> dict[str, Any]:
        """The model as a dict of plain values, nested models included; dates stay ``datetime``.

        Returns:
            A dict with every field (None where there is none) and the unknown fields that came with it.
        """
        values = self._values()
        for name in self._nested:
            values[name] = plain(values[name])
        if self._additional:
            values.update((name, plain(value)) for name, value in self._additional.items())
        return values

    def to_str(self) -> str:
        """``to_dict`` in readable lines, without secret values."""
        # Not imported before it is needed, like difflib below: both take longer to import than all else here.
        import pprint

        return pprint.pformat(self._masked(self.to_dict()))

    def _masked(self, values: dict[str, Any]) -> dict[str, Any]:
        for name, flag in self._sensitive.items():
            # Only an explicit False makes the value public: when in doubt it is a secret.
            key = self.attribute_map[name]
            if values.get(key) is not None and getattr(self, flag) is not False:
                values[key] = "***"
        return values

    def _to_json(self) -> dict[str, Any]:
        """The fields to send: what was not given is left out. Nested models are left to ``json_default``."""
        values = {name: value for name, value in self._values().items() if value is not None}
        if self._additional:
            values.update(self._additional)
        return values

    def __repr__(self) -> str:
        values = self._masked(self._values())
        shown = [f"{name}={_shown(values[key])}" for name, key in self.attribute_map.items() if values[key] is not None]
        if self._additional:
            shown.append(f"additional_properties={_shown(self._additional)}")
        name = type(self).__name__
        line = f"{name}({', '.join(shown)})"
        if len(line) <= 100 and "\n" not in line:
            return line
        return f"{name}(\n" + "".join(f"    {_indented(part)},\n" for part in shown) + ")"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or other.__class__ is not self.__class__:
            return NotImplemented
        mine: tuple[Any, Any] = self._values(), self._additional or {}
        return mine == (other._values(), other._additional or {})

    def __getstate__(self) -> dict[str, Any]:
        # By name and not by position, so that a pickle outlives a change of the order of fields.
        state = {name: getattr(self, name) for name in self.attribute_map}
        return {**state, "_additional": self._additional}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._unread = 0
        for name in self.attribute_map:
            setattr(self, name, state.get(name))
        self._additional = state.get("_additional")

    def __reduce__(self) -> tuple[Any, ...]:
        return new, (type(self),), self.__getstate__()


class RequestModel(Model):
    """The base of the models that are sent: checked when they are built, and again when they are sent."""

    __slots__ = ()

    _required: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *args: Any, **fields: Any) -> Self:
        # Before __init__, whose own complaint would be a bare TypeError.
        if args:
            name = next(iter(cls.attribute_map), "name")
            raise ApiTypeError(
                f"{cls.__name__} takes its fields by their names, as in {cls.__name__}({name}=...); "
                f"those of a dict are given as {cls.__name__}(**data)"
            )
        for name in fields:
            if name not in cls.attribute_map:
                import difflib

                near = difflib.get_close_matches(name, cls.attribute_map, 1)
                meant = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(cls.attribute_map)}"
                raise ApiTypeError(f"{cls.__name__} has no field {name!r}{meant}")
        for name in cls._required:
            if fields.get(name) is None:
                raise ApiValueError(f"{cls.__name__}.{name} must be given (it is required), got None")
        return new(cls)

    def _to_json(self) -> dict[str, Any]:
        # Dicts nested in it are read as the models that they stand for, so that None means 'not given' in them too.
        normal = self._read(self._values()) if self._nested else self
        normal._additional = self._additional
        return super(RequestModel, normal)._to_json()

    def _check(self, where: str) -> None:
        """Raises an error for the first field that breaks a rule; ``where`` is what to call the model in it."""


def _shown(value: Any) -> str:
    return repr(value)


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


# --- reading ------------------------------------------------------------------------------------------------------


def unknown_fields(data: dict[str, Any], known: dict[str, Any]) -> dict[str, Any] | None:
    """The entries of a JSON object that its model does not know; None when there are none."""
    return {name: value for name, value in data.items() if name not in known} or None


def read_model(cls: type[M], value: Any) -> M | Any:
    """A nested JSON object as a model; anything else stays what it is."""
    return cls._read(value) if value.__class__ is dict else value


def read_models(cls: type[M], value: Any) -> list[M] | Any:
    """A list of nested JSON objects as models; anything else stays what it is."""
    if not value or (value.__class__ is not list and value.__class__ is not tuple):
        return value
    read = cls._read
    return [read(item) if item.__class__ is dict else item for item in value]


class Late(Generic[T]):
    """A field of an answer that holds models, which are built when it is first asked for.

    In a long list that is mostly never, and building them would take longer than all the rest of reading it. What came
    lies in the slot of the field's name with an underscore before it.

    Args:
        bit: The field's bit in ``_unread``.
        read: ``read_model`` or ``read_models``.
        cls: The class of the models.
    """

    def __init__(self, bit: int, read: Callable[[Any, Any], Any], cls: type[Model]) -> None:
        self._bit, self._read, self._cls = bit, read, cls

    def __set_name__(self, owner: type[Model], name: str) -> None:
        self._slot: Any = owner.__dict__[f"_{name}"]

    @overload
    def __get__(self, model: None, owner: type[Model]) -> Self: ...
    @overload
    def __get__(self, model: Model, owner: type[Model]) -> T: ...
    def __get__(self, model: Model | None, owner: type[Model]) -> Any:
        if model is None:
            return self
        value = self._slot.__get__(model)
        if model._unread & self._bit:
            value = self._read(self._cls, value)
            self.__set__(model, value)
        return value

    def __set__(self, model: Model, value: T) -> None:
        self._slot.__set__(model, value)
        model._unread &= ~self._bit


# --- writing ------------------------------------------------------------------------------------------------------


# What can't be changed needs no copy, and what is to be copied is mostly that.
_FIXED = frozenset((str, int, float, bool, type(None), datetime))


def plain(value: Any) -> Any:
    """A copy of ``value`` in which models are dicts."""
    if value.__class__ in _FIXED:
        return value
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    import copy

    return copy.copy(value)


def is_uuid(value: Any) -> bool:
    """Whether a value is a UUID, without importing the module, which who has one must have done."""
    module = sys.modules.get("uuid")
    return module is not None and isinstance(value, module.UUID)


def json_default(value: Any) -> Any:
    """What ``json.dumps`` sends for a value that JSON has no form for.

    Raises:
        ubiops.ApiTypeError: There is no sensible form for it.
    """
    if isinstance(value, Model):
        return value._to_json()
    if isinstance(value, datetime):
        # A date without a zone is local time to Python; the API reads UTC. What was given is kept, with its zone.
        return value.isoformat().replace("+00:00", "Z") if value.tzinfo is timezone.utc else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if is_uuid(value):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)) or (
        isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray))
    ):
        return list(value)
    if value is NULL:
        return None
    raise ApiTypeError(f"a value of type {type(value).__name__} can't be sent as JSON: {truncated_repr(value)}")
