"""Finds class Deployment and its methods, without running the code."""

from __future__ import annotations

import ast
import re
import sys
from importlib.util import decode_source
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]

# The arguments with which the platform calls each method. All but the first may do
# without the context.
_ARGUMENTS = {
    "__init__": ("base_directory", "context"),
    "request": ("data", "context"),
    "requests": ("data", "context"),
}
_CLASS = "Deployment"
_MERE_WARNING = re.compile(r"invalid (octal )?escape sequence")


class CodeError(Exception):
    """The code can't run as a deployment. The message says why."""


class Methods(NamedTuple):
    """Which of the request methods exist."""

    request: bool
    requests: bool


def read_python(source: bytes, name: str, version: tuple[int, int]) -> Methods:
    """Returns the methods of ``deployment.py``, for a Python of this version.

    Raises:
        CodeError: The code is not valid Python, has no class Deployment, or has methods
            that the platform can't call.
    """
    try:
        text = decode_source(source)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise CodeError(f"the code can't be decoded: {error}") from error
    try:
        tree = ast.parse(text, filename=name, feature_version=version)
    except SyntaxError as error:
        # A program that turns warnings into errors, as tests do, does so here too. The
        # platform doesn't.
        if version > sys.version_info[:2] or _MERE_WARNING.search(error.msg):
            return read_python_by_patterns(source)
        where = f", line {error.lineno}" if error.lineno else ""
        raise CodeError(f"the code is not valid Python {version[0]}.{version[1]}{where}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CodeError(f"the code can't be parsed as Python: {str(error) or 'it is nested too deeply'}") from error
    return _methods_of_class(tree)


def _methods_of_class(tree: ast.Module) -> Methods:
    classes = {node.name: node for node in _statements(tree.body) if isinstance(node, ast.ClassDef)}
    if _CLASS not in classes:
        if _CLASS in _names_bound(tree.body):
            # It is defined elsewhere, and only running the code would show how.
            return Methods(True, False)
        alike = [name for name in classes if name.lower() == _CLASS.lower()]
        hint = f"; there is a class {alike[0]}, but it must be named {_CLASS}" if alike else ""
        raise CodeError(f"there is no class {_CLASS}{hint}")
    members, complete = _members(classes[_CLASS], classes, set())
    for name in _ARGUMENTS:
        member = members.get(name)
        if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _check_arguments(member)
    if "__init__" not in members and complete:
        raise CodeError(f"class {_CLASS} has no method __init__(self, base_directory, context)")
    methods = Methods("request" in members, "requests" in members)
    if not any(methods):
        if not complete:
            return Methods(True, False)
        raise CodeError(f"class {_CLASS} has neither a method request(self, data) nor a method requests(self, data)")
    return methods


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yields the statements of a body and of its conditions, loops and try blocks."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from _statements(getattr(statement, field, ()))
        if isinstance(statement, ast.Try):
            for handler in statement.handlers:
                yield from _statements(handler.body)


def _names_bound(body: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
    """Returns the names that a body binds by definitions, assignments and imports."""
    names: dict[str, ast.stmt] = {}
    for statement in _statements(body):
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names[statement.name] = statement
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                names[(alias.asname or alias.name).partition(".")[0]] = statement
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                for node in ast.walk(target):
                    if isinstance(node, ast.Name):
                        names[node.id] = statement
    return names


def _members(node: ast.ClassDef, classes: dict[str, ast.ClassDef], seen: set[str]) -> tuple[dict[str, ast.stmt], bool]:
    """Returns the members of a class, and whether they are complete.

    Members of bases in the same file are included. Other bases are unknown.
    """
    members: dict[str, ast.stmt] = {}
    complete = not node.keywords and not node.decorator_list
    for base in reversed(node.bases):
        name = base.id if isinstance(base, ast.Name) else None
        if name == "object":
            continue
        if name in classes and name not in seen:
            inherited, known = _members(classes[name], classes, seen | {node.name})
            members.update(inherited)
            complete = complete and known
        else:
            complete = False
    members.update(_names_bound(node.body))
    return members, complete


def _check_arguments(function: Function) -> None:
    """Rejects a method that can't be called with the platform's arguments."""
    if any(isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod") for d in function.decorator_list):
        return
    expected = _ARGUMENTS[function.name]
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    # self, and the parameters without a default.
    required = len(positional) - len(arguments.defaults)
    most = len(positional) if arguments.vararg is None else sys.maxsize
    least = 1 + (len(expected) if function.name == "__init__" else 1)
    missing = [name.arg for name, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is None]
    if missing == ["context"] and function.name != "__init__":
        missing = []
    if most >= least and required <= 1 + len(expected) and not missing:
        return
    wanted = (
        f"(self, {', '.join(expected)})" if function.name == "__init__" else "(self, data) or (self, data, context)"
    )
    raise CodeError(
        f"{_CLASS}.{function.name} takes ({ast.unparse(arguments)}), but is called as {wanted} (line {function.lineno})"
    )


def read_python_by_patterns(source: bytes) -> Methods:
    """Returns the methods that patterns find.

    This is for code that the Python that runs the emulator can't parse.
    """
    text = source.decode("utf-8", "replace")
    if not re.search(rf"^\s*class\s+{_CLASS}\b", text, re.MULTILINE):
        raise CodeError(f"there is no class {_CLASS}")

    def has(method: str) -> bool:
        return re.search(rf"^\s+(?:async\s+)?def\s+{method}\s*\(", text, re.MULTILINE) is not None

    return Methods(has("request"), has("requests"))


def read_r(source: bytes) -> Methods:
    """Returns the methods of ``deployment.R``."""
    text = source.decode("utf-8", "replace")

    def has(method: str) -> bool:
        return re.search(rf"^\s*{method}\s*(?:<-|=)\s*function\s*\(", text, re.MULTILINE) is not None

    return Methods(has("request"), has("requests"))
