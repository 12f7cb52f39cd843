"""Operations on values in expressions, each with a bound on its cost and result."""

from __future__ import annotations

import ast
import math
import operator
import re
from typing import Any, Callable

# Bits of an integer, and characters of a text.
MAXIMUM_BITS = 2_048
MAXIMUM_TEXT = 1_000_000
_MAXIMUM_RESULT = 1_000_000
_CHARACTERS_PER_UNIT = 64
# Python compares about so many characters in the time of a unit.
_COMPARISONS_PER_UNIT = 4_096


class ExpressionError(Exception):
    """An expression that is not valid, not allowed, or fails."""


class Budget:
    """What an evaluation may still cost."""

    def __init__(self, units: int) -> None:
        self._left = units

    def spend(self, units: int) -> None:
        """Spends units.

        Raises:
            ExpressionError: There are not so many left.
        """
        self._left -= units
        if self._left < 0:
            raise ExpressionError("the expression takes too long")

    def spend_for(self, elements: int) -> None:
        """Spends what creating or reading so many elements costs."""
        self.spend(1 + elements // 8)

    def spend_for_search(self, text: str, wanted: Any) -> None:
        """Spends what searching a text costs, which may be each character with each."""
        if isinstance(wanted, str):
            self.spend(len(text) * len(wanted) // _COMPARISONS_PER_UNIT)

    def spend_deeply(self, *values: Any) -> None:
        """Spends what a walk over values with everything in them costs."""
        self.spend(_deep_size(values, self._left))


def _deep_size(values: Any, limit: int) -> int:
    """Returns how many elements values have in all, or a number above the limit."""
    waiting, size = [values], 0
    while waiting:
        value = waiting.pop()
        size += 1
        if isinstance(value, str):
            size += len(value) // _CHARACTERS_PER_UNIT
        elif isinstance(value, (list, tuple)):
            size += len(value)
            if size <= limit:
                waiting.extend(value)
        elif isinstance(value, dict):
            size += len(value)
            if size <= limit:
                waiting.extend(value.values())
        if size > limit:
            break
    return size


def as_json(value: Any, budget: Budget) -> Any:
    """Returns a result as JSON values.

    Raises:
        ExpressionError: It is too large, or JSON has no such value.
    """
    if _deep_size(value, _MAXIMUM_RESULT) > _MAXIMUM_RESULT:
        raise ExpressionError("the result of the expression is too large")
    if isinstance(value, (list, tuple)):
        return [as_json(each, budget) for each in value]
    if isinstance(value, dict):
        return {key if isinstance(key, str) else _text(key): as_json(each, budget) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError(f"the result {value} is not a JSON number")
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise ExpressionError(f"the result is of the type {type(value).__name__}, which JSON doesn't have")


_SIMPLE = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.RShift: operator.rshift,
}


def operate(kind: type, left: Any, right: Any, budget: Budget) -> Any:
    """Returns the result of a binary operator."""
    if kind is ast.Mod and isinstance(left, str):
        raise ExpressionError("formatting with % is not allowed in an expression: use an f-string")
    if kind is ast.Mult:
        result = _multiply(left, right, budget)
    elif kind is ast.Pow:
        result = _power(left, right)
    elif kind is ast.LShift:
        if not 0 <= right <= MAXIMUM_BITS:
            raise ExpressionError(f"a shift must be from 0 to {MAXIMUM_BITS}")
        result = left << right
    elif kind is ast.Mod:
        result = left % right
    elif kind in _SIMPLE:
        if kind is ast.Add and isinstance(left, (str, list, tuple)) and isinstance(right, (str, list, tuple)):
            budget.spend_for(len(left) + len(right))
        elif isinstance(left, dict) or isinstance(right, dict):
            raise ExpressionError("objects can't be combined in an expression")
        result = _SIMPLE[kind](left, right)
    else:
        raise ExpressionError(f"the operator {kind.__name__} is not allowed in an expression")
    return bounded(result)


def bounded(value: Any) -> Any:
    """Returns a value unless it is too large."""
    if isinstance(value, int) and value.bit_length() > MAXIMUM_BITS:
        raise ExpressionError("a number in the expression is too large")
    if isinstance(value, str) and len(value) > MAXIMUM_TEXT:
        raise ExpressionError("a text in the expression is too long")
    if isinstance(value, complex):
        raise ExpressionError("a number in the expression is complex")
    return value


def _multiply(left: Any, right: Any, budget: Budget) -> Any:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, list, tuple)) and isinstance(times, int):
            length = len(sequence) * max(times, 0)
            if length > MAXIMUM_TEXT:
                raise ExpressionError("a text or list in the expression is too long")
            budget.spend_for(length)
    return left * right


def _power(base: Any, exponent: Any) -> Any:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and exponent > 0 and base.bit_length() * exponent > 2 * MAXIMUM_BITS:
        raise ExpressionError("a number in the expression is too large")
    return base**exponent


_COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda left, right: left is right or (left == right and type(left) is type(right)),
    ast.IsNot: lambda left, right: not (left is right or (left == right and type(left) is type(right))),
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def compare(kind: type, left: Any, right: Any, budget: Budget) -> bool:
    """Returns the result of a comparison."""
    budget.spend_deeply(left, right)
    if kind in (ast.In, ast.NotIn) and isinstance(right, str):
        budget.spend_for_search(right, left)
    return bool(_COMPARISONS[kind](left, right))


def format_value(value: Any, conversion: int, specification: str, budget: Budget) -> str:
    """Returns the text of a value in an f-string."""
    if conversion != -1:
        value = _text(value, budget) if conversion == ord("s") else _represent(value, budget)
    if isinstance(value, (list, tuple, dict)):
        value = _text(value, budget)
    if not re.fullmatch(r"(?:.?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(?:\.\d{1,3})?[a-zA-Z%]?", specification):
        raise ExpressionError(f"the format {specification[:20]!r} is not allowed in an expression")
    return str(bounded(format(value, specification)))


def _text(value: Any, budget: Budget | None = None) -> str:
    if budget is not None:
        budget.spend_deeply(value)
    return str(bounded(str(value)))


def _represent(value: Any, budget: Budget) -> str:
    budget.spend_deeply(value)
    return repr(value)


def _integer(value: Any = 0, *, budget: Budget) -> int:
    if isinstance(value, str) and len(value) > 600:
        raise ExpressionError("a number in the expression is too large")
    return int(value)


def _total(values: Any, start: Any = 0, *, budget: Budget) -> Any:
    total = start
    for value in (start, *values):
        if not isinstance(value, (int, float)):
            raise ExpressionError(f"sum adds numbers, not {type(value).__name__}")
    for value in values:
        total = bounded(total + value)
    return total


def _round(value: Any, digits: Any = None, *, budget: Budget) -> Any:
    if digits is not None and not -400 <= digits <= 400:
        raise ExpressionError("round takes from -400 to 400 digits")
    return round(value) if digits is None else round(value, digits)


def _range(*limits: Any, budget: Budget) -> list[int]:
    found = range(*limits)
    if len(found) > MAXIMUM_TEXT:
        raise ExpressionError("a list in the expression is too long")
    budget.spend_for(len(found))
    return list(found)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that ignores the budget."""
    return lambda *arguments, budget, **options: function(*arguments, **options)


# Their arguments are walked over before the call, so the cost is paid.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _plain(abs),
    "all": _plain(all),
    "any": _plain(any),
    "bool": _plain(bool),
    "dict": _plain(dict),
    "enumerate": _plain(lambda values, start=0: list(enumerate(values, start))),
    "float": _plain(float),
    "int": _integer,
    "len": _plain(len),
    "list": _plain(list),
    "max": _plain(max),
    "min": _plain(min),
    "range": _range,
    "reversed": _plain(lambda values: list(reversed(values))),
    "round": _round,
    "sorted": _plain(lambda values, reverse=False: sorted(values, reverse=reverse)),
    "str": lambda value="", *, budget: _text(value, budget),
    "sum": _total,
    "tuple": _plain(tuple),
    "zip": _plain(lambda *values: list(zip(*values))),
}


def call_function(name: str, arguments: list[Any], options: dict[str, Any], budget: Budget) -> Any:
    """Returns the result of a function."""
    if name not in ("len", "bool"):
        budget.spend_deeply(arguments)
    return bounded(FUNCTIONS[name](*arguments, budget=budget, **options))


_TEXT_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isspace",
        "istitle",
        "isupper",
        "join",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
        "zfill",
    ]
)
_LIST_METHODS = frozenset(("count", "index"))
_DICT_METHODS = frozenset(("get", "items", "keys", "values"))
METHODS = _TEXT_METHODS | _LIST_METHODS | _DICT_METHODS


def call_method(value: Any, name: str, arguments: list[Any], options: dict[str, Any], budget: Budget) -> Any:
    """Returns the result of a method of a text, list or object."""
    kinds = ((str, _TEXT_METHODS), ((list, tuple), _LIST_METHODS), (dict, _DICT_METHODS))
    if not any(isinstance(value, kind) and name in methods for kind, methods in kinds):
        raise ExpressionError(f"'{type(value).__name__}' has no method '{name}' in an expression")
    if name != "get":
        budget.spend_deeply(value, arguments)
    if isinstance(value, str):
        _check_growth(value, name, arguments)
        if name != "join":
            for argument in (*arguments, *options.values()):
                budget.spend_for_search(value, argument)
    result = getattr(value, name)(*arguments, **options)
    if isinstance(value, dict) and name != "get":
        result = list(result)
    if isinstance(result, (list, tuple)):
        budget.spend_for(len(result))
    return bounded(result)


def _check_growth(value: str, name: str, arguments: list[Any]) -> None:
    """Rejects a call whose result would be too long, before it is made."""
    length = 0
    if name == "replace" and len(arguments) >= 2 and isinstance(arguments[1], str) and isinstance(arguments[0], str):
        length = len(value) + value.count(arguments[0]) * len(arguments[1])
    elif name == "join" and arguments and isinstance(arguments[0], (str, list, tuple, dict)):
        parts = [part for part in arguments[0] if isinstance(part, str)]
        length = sum(map(len, parts)) + len(parts) * len(value)
    elif name == "zfill" and arguments and isinstance(arguments[0], int):
        length = arguments[0]
    if length > MAXIMUM_TEXT:
        raise ExpressionError("a text in the expression is too long")
