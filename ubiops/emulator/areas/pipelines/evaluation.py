"""Evaluates an expression with sample values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines import expressions
from ubiops.emulator.areas.pipelines.forms import check_value
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("expressions_evaluate", slow=True)
def evaluate(context: RequestContext) -> dict[str, Any]:
    """Returns the value of an expression."""
    fields = {field["name"]: field["data_type"] for field in context.body["input_fields"]}
    values = context.body.get("request_data") or {}
    for name, value in values.items():
        if name not in fields:
            raise bad_request(f"request_data has the key {name}, which is not an input field")
        if not check_value(value, fields[name]):
            raise bad_request(f"The input field {name} must be of type {fields[name]}")
    try:
        return {"result": expressions.evaluate(context.body["expression"], values)}
    except expressions.ExpressionError as error:
        raise bad_request(str(error)) from error
