"""Python code for docstrings and the docs, made of the description's examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.errors import DescriptionError
from generator.ir import Type
from generator.names import noun

if TYPE_CHECKING:
    from generator.ir import Api, Example, Field, Model, Operation, Value
    from generator.samples import Samples


class Snippets:
    """Writes code; it is still to be formatted.

    Args:
        api: The API.
        samples: Values that replace the description's own.

    Raises:
        DescriptionError: The samples name something that the description doesn't have.
    """

    def __init__(self, api: Api, samples: Samples) -> None:
        self.models = api.models
        self.samples = samples
        for operation_id, example in samples.bodies:
            _, operation = api.operations.get(operation_id, (None, None))
            if not operation or not operation.body or example not in [one.name for one in operation.body.examples]:
                raise DescriptionError(
                    "generator/samples.py", f"{operation_id} has no example {example!r}", "correct or remove the entry"
                )

    # --- values ---

    def value(self, kind: Type, value: Any) -> str:
        """An expression for a value of a body."""
        if value is None:
            # None would mean that it is not given.
            return "ubiops.NULL"
        if kind.item:
            return f"[{', '.join(self.value(kind.item, element) for element in value)}]"
        if kind.model and isinstance(value, dict):
            return self.model(self.models[kind.model], value)
        return repr(value)

    def model(self, model: Model, value: dict[str, Any]) -> str:
        """An expression that builds a model."""
        fields = model.by_name
        given = [f"{fields[name].python}={self.value(fields[name].type, item)}" for name, item in value.items()]
        return f"ubiops.{model.name}({', '.join(given)})"

    def body(self, operation: Operation, example: Example) -> Any:
        """The value of an example, with the samples in place."""
        replaced = self.samples.bodies.get((operation.id, example.name), {})
        return {**example.value, **replaced}

    def argument(self, parameter: Value) -> Any:
        """The value of a parameter of the path."""
        return self.samples.arguments.get(parameter.name, parameter.example)

    def data(self, operation: Operation, example: Example) -> str:
        """An expression for the JSON body."""
        if operation.data is None or operation.data.type is None:
            raise ValueError(operation.id)
        return self.value(operation.data.type, self.body(operation, example))

    # --- docstrings ---

    def call(self, operation: Operation) -> str:
        """A call with all that is required, for the docstring of a method."""
        given = [f"{one.python}={self.argument(one)!r}" for one in operation.parameters]
        if operation.data:
            given.append(f"data={self.data(operation, operation.data.examples[0])}")
        elif operation.body:
            fields = self.body(operation, operation.body.examples[0])
            given += [f"{one.python}={fields[one.name]!r}" for one in operation.body.form if one.name in fields]
        call = f"core_api.{operation.id}({', '.join(given)})"
        if operation.downloads:
            return f"with {call} as response:\n    content = response.read()\n"
        name = result_name(operation)
        if operation.answer.type and operation.answer.type.item:
            name = f"{name}s"
        return f"{name} = {call}\n" if operation.answer.type else f"{call}\n"

    # --- docs ---

    def programs(self, operation: Operation) -> list[tuple[str, str]]:
        """Complete programs that call an operation, each with what it is about (empty if there is but one)."""
        if operation.downloads:
            return [
                ("Reading it piece by piece", self.program(operation, "")),
                ("Letting the client save it in the working directory", self.program(operation, "", saved=True)),
            ]
        if operation.body and operation.body.form:
            return [(one.summary, self.program(operation, one)) for one in operation.body.examples]
        return [("", self.program(operation, operation.data.examples[0] if operation.data else ""))]

    def program(self, operation: Operation, example: Example | str, *, saved: bool = False) -> str:
        """A program that makes one call and prints something of what comes back."""
        assigned = {one.python: repr(self.argument(one)) for one in operation.parameters}
        if not isinstance(example, str):
            if operation.data:
                assigned["data"] = self.data(operation, example)
            elif operation.body:
                fields = self.body(operation, example)
                assigned |= {one.python: repr(fields[one.name]) for one in operation.body.form if one.name in fields}
        call = f"core_api.{operation.id}({', '.join(f'{name}={name}' for name in assigned)}"
        call += f"{', ' if assigned else ''}_preload_content=True)" if saved else ")"
        lines = [f"{name} = {value}" for name, value in assigned.items()]
        lines += ["", *self.use(operation, call, set(assigned), saved)]
        return (
            "import ubiops\n\n"
            "# The address and the token come from UBIOPS_API_HOST and UBIOPS_API_TOKEN.\n"
            "with ubiops.ApiClient() as api_client:\n"
            "    core_api = ubiops.CoreApi(api_client)\n\n"
            + "".join(f"    {line}\n" if line else "\n" for line in lines).lstrip("\n")
        )

    def use(self, operation: Operation, call: str, taken: set[str], saved: bool) -> list[str]:
        """The lines that make the call and use its result."""
        kind = operation.answer.type
        if kind is None:
            named = [one.python for one in operation.parameters if operation.path.endswith(f"/{{{one.name}}}")]
            return [
                call,
                f'print("Deleted", {named[0]})' if operation.method == "DELETE" and named else 'print("Done")',
            ]
        if saved:
            return [f"path = {call}", 'print("Saved as", path)']
        if operation.downloads:
            return [
                f"with {call} as response:",
                "    file_name = response.getfilename()",
                '    with open(file_name, "wb") as file:',
                "        for block in response:",
                "            file.write(block)",
                'print("Saved as", file_name)',
            ]
        name = result_name(operation)
        name = "result" if taken & {name, f"{name}s"} else name
        if kind.item:
            return [f"{name}s = {call}", f"for {name} in {name}s:", f"    {self.show(name, kind.item)}"]
        return [f"{name} = {call}", self.show(name, kind)]

    def show(self, name: str, kind: Type) -> str:
        """A line that prints the most telling fields."""
        if not kind.model:
            return f"print({name})"
        return f"print({', '.join(f'{name}.{field.python}' for field in telling(self.models[kind.model]))})"

    def reading(self, model: Model) -> str:
        """A program that shows how to use a model."""
        name = noun(model.name)
        if model.is_request:
            return f"import ubiops\n\n{name} = {self.model(model, model.example)}\nprint({name}.to_dict())\n"
        read = f"ubiops.{model.name}.from_dict({model.example!r})"
        return f"import ubiops\n\n{name} = {read}\n{self.show(name, Type('model', model.name))}\n"


def telling(model: Model) -> list[Field]:
    """Up to three fields that tell what one has: two that are always there, then a state, then whatever comes first."""
    plain = [
        field
        for field in model.fields
        if field.type.kind in ("string", "integer", "number", "boolean", "datetime")
        and not (field.nullable or field.deprecated or field.secret_unless)
    ]
    chosen = [field for field in plain if field.required][:2]
    chosen += [field for field in plain if field.limits.enum and not field.required]
    chosen += plain or model.fields
    return list({field.python: field for field in chosen}.values())[:3]


def result_name(operation: Operation) -> str:
    """What to call the result of an operation, or one element of it."""
    kind = operation.answer.type
    model = (kind.item.model if kind.item else kind.model) if kind else ""
    return noun(model) if model else "result"
