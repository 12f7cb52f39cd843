"""A node of the description with its source location, for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.errors import DescriptionError
from generator.load import Document, Pointer, read_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What to do instead of using a valid but unsupported keyword.
_ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "not"), "write out one plain schema; models have no alternatives"),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "use minimum and maximum"),
    **dict.fromkeys(("readOnly", "writeOnly"), "use separate models for requests and responses"),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems"), "state it in the description; the client can't check it"),
    **dict.fromkeys(("example", "examples"), "put it under examples of the media type, or at the parameter"),
    "additionalProperties": "leave it out; a model keeps the fields that it doesn't know",
    "enum": "list choices of strings or integers only; state it in the description",
    "nullable": 'write `type: [string, "null"]`',
    "const": "use an enum with one value",
    "title": "leave it out; the name under components is the title",
    "properties": "give the object a name under components, and refer to that",
    "callbacks": "describe calls of the client only",
    "servers": "leave it out; all operations use the address in the root",
}


@dataclass(frozen=True)
class Node:
    """A value in the document, and its pointer."""

    document: Document
    pointer: Pointer
    value: Any

    @property
    def place(self) -> str:
        """The file and the pointer in it where the value was written."""
        return self.document.place(self.pointer)

    def error(self, problem: str, advice: str) -> DescriptionError:
        """Returns an error with this location."""
        return DescriptionError(self.place, problem, advice)

    def __contains__(self, key: str) -> bool:
        return key in self.mapping()

    def __getitem__(self, key: str) -> Node:
        if key not in self:
            raise self.error(f"`{key}` is missing", f"add `{key}`")
        return Node(self.document, (*self.pointer, key), self.value[key])

    def get(self, key: str) -> Node | None:
        """The value of a key; None if there is none."""
        return self[key] if key in self.mapping() else None

    def mapping(self) -> dict[str, Any]:
        """The value, which must be an object."""
        if not isinstance(self.value, dict):
            raise self.error(f"an object is expected, not {self.value!r:.60}", "write an object with keywords")
        return self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        """The entries of an object."""
        for key in self.mapping():
            yield key, self[key]

    def entries(self, key: str) -> Iterator[tuple[str, Node]]:
        """The entries of the object under a key; none if the key is missing."""
        return self[key].items() if key in self else iter(())

    def elements(self) -> Iterator[Node]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self.error(f"a list is expected, not {self.value!r:.60}", "write a list")
        for index, value in enumerate(self.value):
            yield Node(self.document, (*self.pointer, str(index)), value)

    def text(self) -> str:
        """The value, which must be text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error(f"text is expected, not {self.value!r:.60}", "write a string that is not empty")
        return self.value.strip()

    def flag(self, key: str) -> bool:
        """The value of a key that is true or false; false if it is missing."""
        found = self.get(key)
        if found is None:
            return False
        if not isinstance(found.value, bool):
            raise found.error(f"true or false is expected, not {found.value!r:.60}", "write true or false")
        return found.value

    def allow(self, *keys: str) -> None:
        """Rejects all keywords but these."""
        for key, node in self.items():
            if key not in keys:
                known = f"leave it out, or add support for it to the generator; known here: {', '.join(keys)}"
                raise node.error(f"the keyword `{key}` is not supported here", _ADVICE.get(key, known))

    def follow(self) -> Node:
        """The component that it refers to, or itself if it is not a reference."""
        if "$ref" not in self:
            return self
        self.allow("$ref")
        return self.target()

    def target(self) -> Node:
        """The component that its reference leads to."""
        pointer = read_pointer(self["$ref"].text())
        value = self.document.content
        for part in pointer:
            value = value[part]
        return Node(self.document, pointer, value)
