"""Rules of the description's texts and errors.

The generator refuses a description that is not valid, incomplete or inconsistent
(test/generator). The rules that it does not know are tested here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# The values of these keywords are data.
DATA = ("example", "examples", "default", "enum", "const")


def descriptions(node: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yields every description in a part of the document, with its place."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from descriptions(item, f"{pointer}/{number}")
    elif isinstance(node, dict):
        # A property may be called `description` or `default`.
        names = pointer.endswith("/properties")
        for key, value in node.items():
            if key == "description" and not names:
                yield pointer, value
            elif names or key not in DATA:
                yield from descriptions(value, f"{pointer}/{key}")


def test_descriptions_are_sentences(document: dict[str, Any]) -> None:
    found = dict(descriptions(document))
    assert len(found) > 100
    for place, text in found.items():
        assert re.search(r"\w{2}.*[.:`]$", text, re.DOTALL), f"{place}: {text!r}"
        assert text == text.strip(), place


def test_an_operation_with_input_can_refuse_it(operation: Any) -> None:
    if "requestBody" in operation.item or any(one["in"] != "path" for one in operation.item["parameters"]):
        assert "400" in operation.item["responses"]
