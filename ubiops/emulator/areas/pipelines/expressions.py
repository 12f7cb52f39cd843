"""Evaluates the expressions of operators.

An expression is untrusted input, so it is never compiled or run by Python. It is
parsed, and the few kinds of nodes that are allowed are evaluated here. Every step costs
a unit of a budget, and so does every element and every 64 characters of what a step
creates or compares: an expression can't take long or fill the memory.

Which functions and methods the platform allows is a guess.
"""

from __future__ import annotations

import ast
import io
import tokenize
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines.expression_values import (
    FUNCTIONS,
    METHODS,
    Budget,
    ExpressionError,
    as_json,
    call_function,
    call_method,
    compare,
    format_value,
    operate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAXIMUM_LENGTH = 4_000
MAXIMUM_DEPTH = 100
BUDGET = 200_000

# The name of the input in an expression, if it is plain.
PLAIN_NAME = "data"

__all__ = ["PLAIN_NAME", "ExpressionError", "check", "evaluate"]


def check(expression: str, names: Iterable[str]) -> None:
    """Checks an expression without evaluating it.

    Raises:
        ExpressionError: It isn't valid, or uses what is not allowed.
    """
    _check_names(_parse(expression), set(names))


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """Returns the value of an expression, as JSON values.

    Args:
        expression: The expression.
        values: The values of the names that it may use.

    Raises:
        ExpressionError: It isn't valid, fails, or takes too much time or memory.
    """
    tree = _parse(expression)
    _check_names(tree, set(values))
    budget = Budget(BUDGET)
    try:
        return as_json(_Evaluation(budget, values).visit(tree), budget)
    except ExpressionError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        text = str(error) if not isinstance(error, KeyError) else f"there is no key {error}"
        raise ExpressionError((text or type(error).__name__)[:500]) from error
    except (RecursionError, MemoryError) as error:
        raise ExpressionError("the expression takes too much memory") from error


def _parse(expression: str) -> ast.expr:
    text = expression.strip()
    if not text:
        raise ExpressionError("the expression is empty")
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAXIMUM_LENGTH:,} characters")
    if "\n" in text or "\r" in text or "\0" in text:
        raise ExpressionError("the expression must be a single line")
    _check_tokens(text)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"the expression is not valid: {error.msg}") from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError("the expression is not valid") from error
    _check_depth(tree)
    return tree


def _check_tokens(text: str) -> None:
    """Rejects what would make Python's parser go deep, before it does."""
    depth = chain = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
            prefix = token.string in ("not", "-", "+", "~", "lambda", ":", "**")
            chain = chain + 1 if prefix else 0
            if depth > MAXIMUM_DEPTH or chain > MAXIMUM_DEPTH:
                raise ExpressionError("the expression is nested too deeply")
    except (tokenize.TokenError, SyntaxError):
        # The parser describes the error better.
        return


def _check_depth(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(MAXIMUM_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError("the expression is nested too deeply")


def _check_names(tree: ast.expr, names: set[str]) -> None:
    """Rejects nodes that are not allowed, and names that don't exist."""
    allowed = names | set(FUNCTIONS)
    for node in ast.walk(tree):
        if isinstance(node, ast.comprehension):
            allowed |= {target.id for target in ast.walk(node.target) if isinstance(target, ast.Name)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in allowed:
            raise ExpressionError(f"name '{node.id}' is not defined")
        if isinstance(node, ast.Attribute) and (id(node) not in called or node.attr not in METHODS):
            raise ExpressionError(f"'.{node.attr}' is not allowed in an expression")
        if isinstance(node, ast.Constant) and not isinstance(node.value, (str, int, float, bool, type(None))):
            raise ExpressionError(f"a constant of type {type(node.value).__name__} is not allowed in an expression")
        if not isinstance(node, _ALLOWED):
            raise ExpressionError(f"{type(node).__name__} is not allowed in an expression")


_ALLOWED = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.keyword,
    ast.BoolOp,
    ast.UnaryOp,
    ast.BinOp,
    ast.Compare,
    ast.IfExp,
    ast.Subscript,
    ast.Slice,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.ListComp,
    ast.GeneratorExp,
    ast.DictComp,
    ast.comprehension,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.expr_context,
    ast.boolop,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
)


class _Evaluation:
    """One evaluation: a budget, and the values of names."""

    def __init__(self, budget: Budget, values: Mapping[str, Any]) -> None:
        self._budget = budget
        self._values = dict(values)

    def visit(self, node: ast.AST) -> Any:
        """Returns the value of a node."""
        self._budget.spend(1)
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self._values:
            return self._values[node.id]
        raise ExpressionError(f"'{node.id}' is a function: call it, as in {node.id}(value)")

    def _boolop(self, node: ast.BoolOp) -> Any:
        value = None
        for part in node.values:
            value = self.visit(part)
            if bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        if isinstance(node.op, ast.Invert):
            return ~value
        return -value if isinstance(node.op, ast.USub) else +value

    def _binop(self, node: ast.BinOp) -> Any:
        return operate(type(node.op), self.visit(node.left), self.visit(node.right), self._budget)

    def _compare(self, node: ast.Compare) -> bool:
        left = self.visit(node.left)
        for operator, part in zip(node.ops, node.comparators):
            right = self.visit(part)
            if not compare(type(operator), left, right, self._budget):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body if self.visit(node.test) else node.orelse)

    def _subscript(self, node: ast.Subscript) -> Any:
        value, index = self.visit(node.value), self.visit(node.slice)
        if isinstance(index, slice) and not isinstance(value, dict):
            self._budget.spend_for(len(value))
        return value[index]

    def _slice(self, node: ast.Slice) -> slice:
        return slice(*(None if part is None else self.visit(part) for part in (node.lower, node.upper, node.step)))

    def _list(self, node: ast.List) -> list[Any]:
        return [self.visit(part) for part in node.elts]

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.visit(part) for part in node.elts)

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        found = {}
        for key, value in zip(node.keys, node.values):
            if key is None:
                raise ExpressionError("** is not allowed in an expression")
            found[self._key(self.visit(key))] = self.visit(value)
        return found

    def _key(self, key: Any) -> Any:
        if not isinstance(key, (str, int, float, bool, type(None))):
            raise ExpressionError(f"a key must be a string or a number, not {type(key).__name__}")
        return key

    def _listcomp(self, node: ast.ListComp) -> list[Any]:
        return [self.visit(node.elt) for _ in self._loop(node.generators)]

    def _generatorexp(self, node: ast.GeneratorExp) -> list[Any]:
        return [self.visit(node.elt) for _ in self._loop(node.generators)]

    def _dictcomp(self, node: ast.DictComp) -> dict[Any, Any]:
        return {self._key(self.visit(node.key)): self.visit(node.value) for _ in self._loop(node.generators)}

    def _loop(self, generators: list[ast.comprehension]) -> Iterator[None]:
        """Binds the names of a comprehension to one combination after the other."""
        if not generators:
            yield
            return
        first, *others = generators
        for value in self.visit(first.iter):
            self._budget.spend(1)
            self._bind(first.target, value)
            if all(self.visit(condition) for condition in first.ifs):
                yield from self._loop(others)

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._values[target.id] = value
            return
        if not isinstance(target, (ast.Tuple, ast.List)):
            raise ExpressionError("a loop in an expression assigns to names only")
        parts = list(value)
        if len(parts) != len(target.elts):
            raise ExpressionError(f"a loop unpacks {len(target.elts)} values, but got {len(parts)}")
        for part, each in zip(target.elts, parts):
            self._bind(part, each)

    def _call(self, node: ast.Call) -> Any:
        arguments = [self.visit(argument) for argument in node.args]
        if any(keyword.arg is None for keyword in node.keywords):
            raise ExpressionError("** is not allowed in an expression")
        options = {str(keyword.arg): self.visit(keyword.value) for keyword in node.keywords}
        if isinstance(node.func, ast.Attribute):
            return call_method(self.visit(node.func.value), node.func.attr, arguments, options, self._budget)
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise ExpressionError("only functions and methods can be called in an expression")
        return call_function(node.func.id, arguments, options, self._budget)

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        parts = [str(self.visit(part)) for part in node.values]
        self._budget.spend_for(sum(map(len, parts)) // 8)
        return "".join(parts)

    def _formattedvalue(self, node: ast.FormattedValue) -> str:
        specification = "" if node.format_spec is None else str(self.visit(node.format_spec))
        return format_value(self.visit(node.value), node.conversion, specification, self._budget)
