"""The operators of pipelines: their names, settings, input and output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines import expressions
from ubiops.emulator.areas.pipelines.forms import Form, check_value
from ubiops.emulator.core.description import properties
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.validation import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTION = "function"
CONDITION = "if-condition"
VARIABLE = "pipeline-variable"
ERROR = "raise-error"
SPLIT = "one-to-many"
JOIN = "many-to-one"
COUNT = "count-many"
OPERATORS = (CONDITION, FUNCTION, VARIABLE, ERROR, SPLIT, JOIN, COUNT)

# Their output has the fields of their input.
_PASSING = (CONDITION, SPLIT, JOIN)
_MAXIMUM_BATCH_SIZE = 1_000_000


def check_operator(name: str, operator: str, configuration: Mapping[str, Any]) -> None:
    """Checks the settings of an operator.

    Args:
        name: The name of the object.
        operator: The name of the operator.
        configuration: Its settings.

    Raises:
        ApiError: There is no such operator, or a setting is missing or invalid.
    """
    if operator not in OPERATORS:
        raise bad_request(f"object {name}: there is no operator {operator!r}; there are {', '.join(OPERATORS)}")
    _check_types(name, configuration)
    source, target = operator_form(operator, configuration, "input"), operator_form(operator, configuration, "output")
    if operator in (FUNCTION, CONDITION):
        if "expression" not in configuration:
            raise bad_request(f"object {name}: {operator} needs an expression")
        names = source.fields if source.structured else {expressions.PLAIN_NAME: "string"}
        try:
            expressions.check(configuration["expression"], names)
        except expressions.ExpressionError as error:
            raise bad_request(f"object {name}: {error}") from error
    if operator in (FUNCTION, COUNT) and target.structured and len(target.fields) != 1:
        raise bad_request(f"object {name}: {operator} has exactly one output field")
    if operator in _PASSING and source != target:
        raise bad_request(f"object {name}: the input and output fields of {operator} must be equal")
    if operator == ERROR and not configuration.get("error_message"):
        raise bad_request(f"object {name}: raise-error needs an error_message")
    if operator == VARIABLE:
        _check_values(name, target, configuration.get("output_values") or [])


def operator_form(operator: str, configuration: Mapping[str, Any], side: str) -> Form:
    """Returns the form of an operator's input or output.

    That an operator without fields takes plain data is a guess.
    """
    fields = configuration.get(f"{side}_fields")
    if not fields and side == "output" and operator in _PASSING:
        fields = configuration.get("input_fields")
    if not fields and operator != VARIABLE and (operator, side) != (ERROR, "output"):
        return Form("plain", {})
    return Form("structured", {field["name"]: field["data_type"] for field in fields or ()})


def _check_types(name: str, configuration: Mapping[str, Any]) -> None:
    from jsonschema.exceptions import best_match

    schema = {"properties": properties("PipelineVersionObjectConfigurationList")}
    error = best_match(Schema(schema).iter_errors(dict(configuration)))
    if error is not None:
        field = ".".join(str(part) for part in error.absolute_path)
        raise bad_request(f"object {name}: configuration.{field} is invalid: {error.message[:200]}")
    size = configuration.get("batch_size")
    if size is not None and not 1 <= size <= _MAXIMUM_BATCH_SIZE:
        raise bad_request(f"object {name}: batch_size must be null or a positive integer, not {size}")


def _check_values(name: str, target: Form, values: list[dict[str, Any]]) -> None:
    given = {value["name"]: value.get("value") for value in values}
    for field in given:
        if field not in target.fields:
            raise bad_request(f"object {name}: output_values has the unknown field {field}")
    for field, data_type in target.fields.items():
        if field not in given:
            raise bad_request(f"object {name}: output_values has no value for the field {field}")
        if not check_value(given[field], data_type):
            raise bad_request(f"object {name}: the value of the field {field} must be of type {data_type}")
