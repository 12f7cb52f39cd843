"""Reads the split description as one document, which refers to itself only and knows where each part came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from generator.errors import DescriptionError
from generator.strict_yaml import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

Pointer = tuple[str, ...]

# Keywords whose value is a map from names to things, so that a name is never taken for a keyword.
_NAMED = frozenset(
    ("content", "encoding", "examples", "headers", "parameters", "paths", "properties", "responses", "schemas")
)
# Keywords whose value is data: what looks like a reference in it is none.
_DATA = frozenset(("const", "default", "enum", "example", "value"))


@dataclass(frozen=True)
class Document:
    """The description as one document."""

    content: Any
    # Where a part was read from: its pointer in `content` -> the file's name and the pointer in that file.
    sources: dict[Pointer, tuple[str, Pointer]]

    def place(self, pointer: Pointer) -> str:
        """The file and the pointer in it that a part of the document was written at."""
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
    """Reads a description, and the files that it refers to.

    Args:
        root: The file that the description begins with.

    Raises:
        DescriptionError: A file can't be read, or a reference leads nowhere.
    """
    return _Bundler(root.resolve()).bundle()


def validate(document: Document) -> None:
    """Holds a document to the schema of OpenAPI 3.1.

    Raises:
        DescriptionError: It breaks a rule.
    """
    error = next(iter(OpenAPIV31SpecValidator(document.content).iter_errors()), None)
    if error is not None:
        while error.context:
            # Of the alternatives that all fail, the one that gets farthest is the one that was meant.
            error = max(error.context, key=lambda one: len(one.absolute_path))
        place = document.place(tuple(str(part) for part in error.absolute_path))
        raise DescriptionError(place, f"no valid OpenAPI 3.1: {error.message:.300}", "see the specification of OpenAPI")


class _Bundler:
    def __init__(self, root: Path) -> None:
        self.root = root
        # Names are relative to the folder above, so that they read as they do for whoever stands in the repository.
        self.base = root.parent.parent
        self.files: dict[Path, Any] = {}
        self.sources: dict[Pointer, tuple[str, Pointer]] = {}
        self.components: dict[tuple[Path, Pointer], Pointer] = {}
        self.open: list[int] = []

    def name(self, file: Path) -> str:
        return file.relative_to(self.base).as_posix()

    def place(self, file: Path, pointer: Pointer) -> str:
        return f"{self.name(file)}#{write_pointer(pointer)}"

    def read(self, file: Path) -> Any:
        if file not in self.files:
            self.files[file] = read_yaml(file, self.name(file))
        return self.files[file]

    def bundle(self) -> Document:
        content = self.read(self.root)
        if not isinstance(content, dict):
            raise DescriptionError(self.name(self.root), "no object", "begin with `openapi: 3.1.0`")
        self.sources[()] = (self.name(self.root), ())
        entries: list[Pointer] = [("paths", name) for name in _map(content.get("paths"))]
        sections = _map(content.get("components"))
        entries += [("components", section, name) for section in sections for name in _map(sections[section])]
        # First of all, so that a reference to the target of a component's reference is known for what it is.
        targets = {entry: self.target(self.root, entry) for entry in entries}
        for entry, target in targets.items():
            if target is not None and entry[0] == "components":
                self.components[target] = entry
        bundled = self.copy(content, self.root, (), (), targets)
        return Document(bundled, self.sources)

    def target(self, file: Path, pointer: Pointer) -> tuple[Path, Pointer] | None:
        """What the reference at a place leads to; None when there is no reference."""
        value = self.lookup(file, pointer)
        if not isinstance(value, dict) or "$ref" not in value:
            return None
        place, ref = self.place(file, (*pointer, "$ref")), value["$ref"]
        if not isinstance(ref, str) or ref.count("#") != 1 or not ref.partition("#")[2].startswith("/"):
            raise DescriptionError(place, f"{ref!r} is no reference", "write `file.yaml#/name`")
        path, _, text = ref.partition("#")
        target = (file.parent / path).resolve() if path else file
        if self.base not in target.parents:
            raise DescriptionError(place, f"{ref} leads out of the description's folder", "keep all files in it")
        if not target.is_file():
            raise DescriptionError(place, f"there is no file {self.name(target)}", "correct the reference")
        try:
            self.lookup(target, read_pointer(text))
        except (LookupError, ValueError):
            raise DescriptionError(place, f"{ref} leads nowhere", "correct the reference") from None
        return target, read_pointer(text)

    def lookup(self, file: Path, pointer: Pointer) -> Any:
        value = self.read(file)
        for part in pointer:
            if isinstance(value, list):
                value = value[int(part)]
            elif isinstance(value, dict):
                value = value[part]
            else:
                raise LookupError(part)
        return value

    def copy(self, value: Any, file: Path, pointer: Pointer, to: Pointer, inline: Any = (), named: bool = False) -> Any:
        """A copy of a value with its references turned into ones within the document.

        Args:
            value: The value.
            file: The file that it stands in.
            pointer: Where it stands in that file.
            to: Where it will stand in the document.
            inline: Where in the document references are replaced by what they lead to.
            named: Whether its keys are names and not keywords.
        """
        if not isinstance(value, (dict, list)):
            return value
        if id(value) in self.open:
            raise DescriptionError(self.place(file, pointer), "a YAML anchor that holds itself", "write it out")
        self.open.append(id(value))
        try:
            if isinstance(value, list):
                return [self.copy(v, file, (*pointer, str(i)), (*to, str(i)), inline) for i, v in enumerate(value)]
            if "$ref" in value and not named:
                return self.reference(value, file, pointer, to, inline)
            copied = {}
            for key, item in value.items():
                if key in _DATA and not named:
                    copied[key] = item
                    continue
                names = not named and (key in _NAMED or (to == ("components",)))
                copied[key] = self.copy(item, file, (*pointer, key), (*to, key), inline, names)
            return copied
        finally:
            self.open.pop()

    def reference(self, value: dict[str, Any], file: Path, pointer: Pointer, to: Pointer, inline: Any) -> Any:
        target = self.target(file, pointer)
        if target is None:
            raise LookupError(pointer)
        if to in inline:
            if len(value) > 1:
                extra = ", ".join(key for key in value if key != "$ref")
                raise DescriptionError(
                    self.place(file, pointer),
                    f"{extra} beside $ref would be lost",
                    "write it where the reference leads to",
                )
            self.sources[to] = (self.name(target[0]), target[1])
            return self.copy(self.lookup(*target), *target, to)
        found = target[1] if target[0] == self.root else self.components.get(target)
        if found is None or len(found) != 3 or found[0] != "components":
            raise DescriptionError(
                self.place(file, (*pointer, "$ref")),
                f"{value['$ref']} leads to something that has no name",
                f"give it a name under components of {self.name(self.root)}, and refer to that",
            )
        # What stands beside it, such as a description, is copied as it is: no keyword that may stand there has parts.
        return {**value, "$ref": f"#{write_pointer(found)}"}


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
