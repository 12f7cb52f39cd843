"""Reads the files of the description as one document.

The document knows the source of each part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from generator.errors import DescriptionError
from generator.strict_yaml import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Pointer = tuple[str, ...]

# Components that have files of their own: `schemas.yaml` and `schemas/*.yaml`, and so
# on.
SECTIONS = ("schemas", "parameters", "responses")
METHODS = ("get", "put", "post", "patch", "delete")
COMMON_RESPONSES = "x-common-responses"

# Keywords whose value maps names to things, so that such a name is never mistaken for a
# keyword.
_NAMED = frozenset(("content", "encoding", "examples", "headers", "paths", "properties", "responses", *SECTIONS))
# Keywords whose value is data: something that looks like a reference is not one.
_DATA = frozenset(("const", "default", "enum", "example", "value"))


@dataclass(frozen=True)
class Document:
    """The description as one document."""

    content: Any
    # Where a part was read from: its pointer in `content` -> the file's name and the
    # pointer in that file.
    sources: dict[Pointer, tuple[str, Pointer]]

    def place(self, pointer: Pointer) -> str:
        """The file, and the pointer in it, where a part of the document was written."""
        for length in range(len(pointer), -1, -1):
            if pointer[:length] in self.sources:
                file, start = self.sources[pointer[:length]]
                return f"{file}#{write_pointer((*start, *pointer[length:]))}"
        raise LookupError(pointer)


def write_pointer(pointer: Pointer) -> str:
    """A pointer as text, such as ``/paths/~1deployments/get``."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in pointer)


def read_pointer(text: str) -> Pointer:
    """The parts of a pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def load(root: Path) -> Document:
    """Reads a description: the root file, and the files of paths and components.

    Args:
        root: The root file; the other files are found by their names.

    Raises:
        DescriptionError: A file can't be read or is misplaced, or a reference
            leads nowhere.
    """
    return _Collector(root.resolve()).collect()


def validate(document: Document) -> None:
    """Validates a document against the schema of OpenAPI 3.1.

    Raises:
        DescriptionError: It is not valid.
    """
    error = next(iter(OpenAPIV31SpecValidator(document.content).iter_errors()), None)
    if error is not None:
        while error.context:
            # If all alternatives fail, the one that gets farthest is probably the one
            # that was meant.
            error = max(error.context, key=lambda one: len(one.absolute_path))
        place = document.place(tuple(str(part) for part in error.absolute_path))
        raise DescriptionError(
            place, f"not valid OpenAPI 3.1: {error.message:.300}", "see the specification of OpenAPI"
        )


class _Collector:
    """Puts the files of a description together."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root.parent
        # File names are relative to the parent folder, as seen from the top of the
        # repository.
        self.base = root.parent.parent
        self.sources: dict[Pointer, tuple[str, Pointer]] = {}

    def name(self, file: Path) -> str:
        return file.relative_to(self.base).as_posix()

    def read(self, file: Path) -> dict[str, Any]:
        """The content of a file, which must be an object."""
        name = self.name(file)
        content = read_yaml(file, name)
        if not isinstance(content, dict):
            raise DescriptionError(name, "the file is not an object", "write an object with named entries")
        _check_anchors(content, name)
        return content

    def collect(self) -> Document:
        root = self.read(self.root)
        self.sources[()] = (self.name(self.root), ())
        common = self.take_from_root(root)
        paths: dict[str, Any] = {}
        for file in self.files("paths"):
            for path, item in self.read(file).items():
                self.add(paths, ("paths", path), item, file)
                if isinstance(item, dict):
                    paths[path] = {
                        method: self.complete(path, method, operation, file.stem, common)
                        for method, operation in item.items()
                    }
        components = {**_map(root.pop("components", {}))}
        for section in SECTIONS:
            found: dict[str, Any] = {}
            for file in self.files(section):
                for name, item in self.read(file).items():
                    self.add(found, ("components", section, name), item, file)
            components[section] = dict(sorted(found.items()))
        self.reject_other_files()
        document = Document({**root, "paths": paths, "components": components}, self.sources)
        for pointer, reference in references(document.content):
            self.check(document, pointer, reference)
        return document

    def take_from_root(self, root: dict[str, Any]) -> dict[str, Any]:
        """The common responses, which are taken out of the root; rejects what belongs
        in other files.
        """
        name = self.name(self.root)
        if "paths" in root:
            raise DescriptionError(f"{name}#/paths", "paths in the root file", "write them in paths/AREA.yaml")
        for section in SECTIONS:
            if section in _map(root.get("components")):
                raise DescriptionError(
                    f"{name}#/components/{section}",
                    f"{section} in the root file",
                    f"write them in {section}.yaml or {section}/AREA.yaml",
                )
        common = root.pop(COMMON_RESPONSES, {})
        if not isinstance(common, dict):
            raise DescriptionError(
                f"{name}#/{COMMON_RESPONSES}", "an object is expected", "map each status to a reference to a response"
            )
        return common

    def files(self, kind: str) -> Iterator[Path]:
        """The files of paths or of one kind of component, sorted by name."""
        if kind != "paths" and (self.folder / f"{kind}.yaml").is_file():
            yield self.folder / f"{kind}.yaml"
        yield from sorted((self.folder / kind).glob("*.yaml"))

    def add(self, found: dict[str, Any], pointer: Pointer, item: Any, file: Path) -> None:
        """Adds an entry, whose name must not be taken."""
        name = pointer[-1]
        if name in found:
            raise DescriptionError(
                f"{self.name(file)}#{write_pointer((name,))}",
                f"{name} is described already, in {self.sources[pointer][0]}",
                "describe it once",
            )
        found[name] = item
        self.sources[pointer] = (self.name(file), (name,))

    def complete(self, path: str, method: str, operation: Any, area: str, common: dict[str, Any]) -> Any:
        """An operation with its file's tag and the common responses."""
        if method not in METHODS or not isinstance(operation, dict):
            return operation
        if "tags" in operation:
            raise DescriptionError(
                f"{self.sources['paths', path][0]}#{write_pointer((path, method, 'tags'))}",
                "an operation with tags",
                "leave them out; the name of the file is the tag",
            )
        completed = {**operation, "tags": [area]}
        if isinstance(operation.get("responses"), dict):
            responses = {**operation["responses"]}
            for status, response in common.items():
                sends_no_token = status in ("401", "403") and operation.get("security") == []
                names_nothing = status == "404" and "{" not in path
                if status not in responses and not sends_no_token and not names_nothing:
                    responses[status] = response
                    pointer = ("paths", path, method, "responses", status)
                    self.sources[pointer] = (self.name(self.root), (COMMON_RESPONSES, status))
            completed["responses"] = dict(sorted(responses.items()))
        return completed

    def reject_other_files(self) -> None:
        """Rejects files that nothing reads, such as one in the wrong folder."""
        read = {self.root, *(file for kind in ("paths", *SECTIONS) for file in self.files(kind))}
        for file in sorted(self.folder.rglob("*.y*ml")):
            if file not in read:
                kinds = ", ".join(("paths", *SECTIONS))
                raise DescriptionError(self.name(file), "nothing reads this file", f"move it to one of {kinds}")

    def check(self, document: Document, pointer: Pointer, reference: Any) -> None:
        """Rejects a reference that is not one to a component."""
        place = document.place((*pointer, "$ref"))
        found = re.fullmatch(r"#/components/(\w+)/([^/]+)", reference) if isinstance(reference, str) else None
        if not found:
            raise DescriptionError(place, f"{reference!r} is not a reference", "write `#/components/KIND/Name`")
        if found[2] not in document.content["components"].get(found[1], {}):
            raise DescriptionError(place, f"{reference} leads nowhere", "correct the reference, or add the component")


def references(value: Any, pointer: Pointer = (), named: bool = False) -> Iterator[tuple[Pointer, Any]]:
    """All references in a part of a document, each with the pointer of its object."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, (*pointer, str(index)))
    elif isinstance(value, dict):
        if "$ref" in value and not named:
            yield pointer, value["$ref"]
        for key, item in value.items():
            if named or key not in _DATA:
                yield from references(item, (*pointer, key), not named and key in _NAMED)


def _check_anchors(content: dict[str, Any], name: str) -> None:
    """Rejects a YAML anchor that contains itself."""
    # The objects that contain the current one.
    around: list[int] = []

    def visit(value: Any, pointer: Pointer) -> None:
        if not isinstance(value, (dict, list)):
            return
        if id(value) in around:
            raise DescriptionError(
                f"{name}#{write_pointer(pointer)}", "a YAML anchor that contains itself", "write it out"
            )
        around.append(id(value))
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            visit(item, (*pointer, str(key)))
        around.pop()

    visit(content, ())


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
