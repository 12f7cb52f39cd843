"""Python code for docstrings and pages, built from the examples of the description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.names import noun

if TYPE_CHECKING:
    from generator.ir import Field, Model, Type
    from generator.ir_api import Operation


class Snippets:
    """Writes code, which still has to be formatted.

    Args:
        models: The models of the API by name.
    """

    def __init__(self, models: dict[str, Model]) -> None:
        self.models = models

    # --- values -----------------------------------------------------------------------

    def value(self, kind: Type, value: Any) -> str:
        """An expression for a value of a body."""
        if value is None and kind.kind not in ("any", "object"):
            # None would mean that the value is not given.
            return "ubiops.NULL"
        if kind.kind == "union" and kind.item and not isinstance(value, list):
            return self.value(kind.item, value)
        if kind.item and isinstance(value, list):
            return f"[{', '.join(self.value(kind.item, element) for element in value)}]"
        if kind.model and isinstance(value, dict):
            return self.model(self.models[kind.model], value)
        return repr(value)

    def model(self, model: Model, value: dict[str, Any]) -> str:
        """An expression that builds a model."""
        fields = model.by_name
        given = [f"{fields[name].python}={self.value(fields[name].type, item)}" for name, item in value.items()]
        return f"ubiops.{model.name}({', '.join(given)})"

    # --- code -------------------------------------------------------------------------

    def call(self, operation: Operation) -> str:
        """A call with everything that is required."""
        given = [f"{one.python}={one.example!r}" for one in operation.parameters]
        given += [f"{one.python}={one.example!r}" for one in operation.query if one.required]
        if operation.data and operation.data.type and operation.data.required:
            given.append(f"data={self.value(operation.data.type, operation.data.examples[0].value)}")
        elif operation.body and operation.body.form:
            fields = operation.body.examples[0].value
            given += [f"{one.python}={fields[one.name]!r}" for one in operation.body.form if one.name in fields]
        call = f"core_api.{operation.id}({', '.join(given)})"
        kind = operation.success.type
        if operation.downloads:
            return f"with {call} as response:\n    content = response.read()\n"
        if operation.streams:
            return f"with {call} as events:\n    for event in events:\n        print(event.data)\n"
        return f"{_result(kind)} = {call}\n" if kind else f"{call}\n"

    def reading(self, model: Model) -> str:
        """A program that shows how to use a model."""
        name = noun(model.name)
        if model.is_request:
            return f"import ubiops\n\n{name} = {self.model(model, model.example)}\nprint({name}.to_dict())\n"
        shown = ", ".join(f"{name}.{field.python}" for field in main_fields(model))
        return f"import ubiops\n\n{name} = ubiops.{model.name}.from_dict({model.example!r})\nprint({shown})\n"


def main_fields(model: Model) -> list[Field]:
    """Up to three fields worth printing: two that are always present, then one with
    choices, then the first ones.
    """
    plain = [
        field
        for field in model.fields
        if field.type.kind in ("string", "integer", "number", "boolean", "datetime")
        and not (field.nullable or field.deprecated or field.sensitive or field.secret_unless)
    ]
    chosen = [field for field in plain if field.required][:2]
    chosen += [field for field in plain if field.limits.enum and not field.required]
    chosen += plain or model.fields
    return list({field.python: field for field in chosen}.values())[:3]


def _result(kind: Type) -> str:
    """The name of the variable for a result."""
    if kind.item and kind.item.model:
        return noun(kind.item.model, plural=True)
    return noun(kind.model) if kind.model else "result"
