"""Forms of data: plain, or structured with fields of certain types."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ubiops.emulator.areas.deployment_requests.inputs import check_fields
from ubiops.emulator.core.errors import ApiError, bad_request


class Form(NamedTuple):
    """The form of an input or output.

    Attributes:
        type: structured or plain.
        fields: The types of the fields by their names, if it is structured.
    """

    type: str
    fields: dict[str, str]

    @property
    def structured(self) -> bool:
        """Whether the data is an object with fields."""
        return self.type == "structured"


def form_of(settings: dict[str, Any], side: str) -> Form:
    """Returns the form of the input or output of a deployment or pipeline."""
    fields = {field["name"]: field["data_type"] for field in settings[f"{side}_fields"]}
    return Form(settings[f"{side}_type"] or "plain", fields)


def show_fields(form: Form) -> list[dict[str, str]]:
    """Returns the fields as responses show them."""
    return [{"name": name, "data_type": data_type} for name, data_type in form.fields.items()]


def check_value(value: Any, data_type: str) -> bool:
    """Returns whether a value has the type of a field."""
    try:
        check_fields({"value": data_type}, {"value": value})
    except ApiError:
        return False
    return True


def fits(source: str, destination: str) -> bool:
    """Returns whether a field of one type may be mapped to a field of another.

    That integers fit decimal numbers is a guess.
    """
    return source == destination or (source, destination) in (("int", "double"), ("array_int", "array_double"))


def read_data(data: Any, form: Form, content: bytes | None = None, place: str = "") -> Any:
    """Returns one input of this form.

    Objects for a plain input become text.

    Args:
        data: What was sent.
        form: The form of the input.
        content: The JSON text that was sent, if the whole of it is this input.
        place: Where it stands, for the error, such as " in input 2".

    Raises:
        ApiError: The data doesn't have the form.
    """
    if not form.structured:
        if isinstance(data, dict):
            return content.decode("utf-8-sig") if content else json.dumps(data, ensure_ascii=False)
        if not isinstance(data, str):
            raise bad_request(f"The input{place} must be a string, because the input type is plain")
        return data
    if not isinstance(data, dict):
        raise bad_request(f"The input{place} must be an object with the input fields")
    check_fields(form.fields, data, place)
    return data


def read_all(data: Any, form: Form, content: bytes | None = None) -> Any:
    """Returns an input, or a list of them, of this form.

    Raises:
        ApiError: The data doesn't have the form, or the list is empty.
    """
    if not isinstance(data, list):
        return read_data(data, form, content)
    if not data:
        raise bad_request("The list of inputs is empty")
    return [read_data(value, form, place=f" in input {number}") for number, value in enumerate(data, 1)]
