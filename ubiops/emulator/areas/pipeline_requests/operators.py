"""What operators do with their input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipeline_requests.values import SKIPPED, DataError, join, split
from ubiops.emulator.areas.pipelines import expressions
from ubiops.emulator.areas.pipelines.forms import check_value
from ubiops.emulator.areas.pipelines.operators import CONDITION, COUNT, ERROR, FUNCTION, JOIN, SPLIT, VARIABLE

if TYPE_CHECKING:
    from ubiops.emulator.areas.pipelines.graph import Node

# A split into more parts fails.
MAXIMUM_PARTS = 10_000


class OperatorError(DataError):
    """An operator that fails.

    Attributes:
        ends: Whether the pipeline fails with this message as its own.
    """

    def __init__(self, message: str, ends: bool = False) -> None:
        super().__init__(message)
        self.ends = ends


def run_operator(node: Node, value: Any) -> Any:
    """Returns the output of an operator.

    That of a split is the list of its parts. The input of a join is the list of all
    values that it collects. An expression takes each element of a list by itself, and
    a condition keeps the elements for which it is true: both are guesses.

    Raises:
        OperatorError: The operator fails.
    """
    if node.operator == VARIABLE:
        return {each["name"]: each.get("value") for each in node.configuration.get("output_values") or ()}
    if node.operator == ERROR:
        raise OperatorError(node.configuration["error_message"], ends=True)
    if node.operator == SPLIT:
        parts = split(value, node.configuration.get("batch_size"))
        if len(parts) > MAXIMUM_PARTS:
            raise OperatorError(f"The input has more than {MAXIMUM_PARTS:,} parts")
        return parts or SKIPPED
    if node.operator == JOIN:
        return join(value) or SKIPPED
    if node.operator == COUNT:
        return _output(node, len(value) if isinstance(value, list) else 1)
    if node.operator == FUNCTION:
        if isinstance(value, list):
            return [_output(node, _evaluate(node, each)) for each in value]
        return _output(node, _evaluate(node, value))
    if node.operator == CONDITION:
        if isinstance(value, list):
            return [each for each in value if _evaluate(node, each)] or SKIPPED
        return value if _evaluate(node, value) else SKIPPED
    raise OperatorError(f"There is no operator {node.operator}")


def _evaluate(node: Node, value: Any) -> Any:
    values = value if node.input.structured else {expressions.PLAIN_NAME: value}
    try:
        return expressions.evaluate(node.configuration["expression"], values)
    except expressions.ExpressionError as error:
        raise OperatorError(str(error)) from error


def _output(node: Node, value: Any) -> Any:
    if not node.output.structured:
        return value
    ((name, data_type),) = node.output.fields.items()
    if not check_value(value, data_type):
        raise OperatorError(f"The result is not of type {data_type}, which the output field {name} has")
    return {name: value}
