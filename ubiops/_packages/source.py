"""Reads the code of a deployment and finds the class Deployment and its methods."""

from __future__ import annotations

import ast
import re
import sys
from importlib.util import decode_source
from typing import TYPE_CHECKING, NamedTuple, Union

from ubiops._packages.nesting import is_nested_deeply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]

# __init__ is called by keyword, with those of its arguments that it names.
_INIT = ("base_directory", "context")
# The others are called by position; the context may be left out.
_REQUEST = ("data", "context")
_METHODS = ("__init__", "request", "requests")
_CLASS = "Deployment"
_MERE_WARNING = re.compile(r"invalid (octal )?escape sequence")


class CodeError(Exception):
    """The code can't run as a deployment.

    Attributes:
        message: What is wrong, without the line.
        line: The line where it is wrong; None where the whole file is meant.
        hint: What to do about it; None where that is obvious.
    """

    def __init__(self, message: str, line: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, line, hint)
        self.message = message
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.message}; {self.hint}" if self.hint else self.message
        return f"{text} (line {self.line})" if self.line else text


class Methods(NamedTuple):
    """The methods for requests that exist."""

    request: bool
    requests: bool


def read_python(source: bytes, name: str, version: tuple[int, int]) -> Methods:
    """Returns the methods that ``deployment.py`` has, for a Python of this version.

    Raises:
        CodeError: It is not valid Python, has no class Deployment, or its methods can't
            be called as the platform calls them.
    """
    tree = parse_python(source, name, version)
    if tree is None:
        return read_python_by_patterns(source)
    methods, errors = check_class(tree)
    if errors:
        raise errors[0]
    return methods


def parse_python(source: bytes, name: str, version: tuple[int, int]) -> ast.Module | None:
    """Returns the syntax tree of a file.

    None if this Python can't tell whether it is valid for a Python of that version.

    Raises:
        CodeError: It is not valid Python.
    """
    try:
        text = decode_source(source)
    except Exception as error:
        # The code names the codec, so any codec's errors end up here.
        raise CodeError(f"the code can't be decoded: {error}") from error
    if is_nested_deeply(text):
        raise CodeError("the code can't be parsed as Python: it is nested too deeply")
    try:
        return ast.parse(text, filename=name, feature_version=version)
    except SyntaxError as error:
        # Where the program turns warnings into errors, a mere warning ends up here.
        if version > sys.version_info[:2] or _MERE_WARNING.search(error.msg):
            return None
        raise CodeError(f"the code is not valid Python {version[0]}.{version[1]}: {error.msg}", error.lineno) from error
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or "it is nested too deeply, or takes too much memory"
        raise CodeError(f"the code can't be parsed as Python: {reason}") from error


def check_class(tree: ast.Module) -> tuple[Methods, list[CodeError]]:
    """Returns the methods of the class Deployment, and its problems."""
    try:
        return _check_class(tree)
    except RecursionError:
        return Methods(False, False), [CodeError(f"class {_CLASS} can't be read: it is nested too deeply")]


def _check_class(tree: ast.Module) -> tuple[Methods, list[CodeError]]:
    classes = {node.name: node for node in _statements(tree.body) if isinstance(node, ast.ClassDef)}
    if _CLASS not in classes:
        if _CLASS in names_bound(tree.body):
            # It comes from elsewhere, and only running the code would show what it is.
            return Methods(True, False), []
        alike = [name for name in classes if name.lower() == _CLASS.lower()]
        line = classes[alike[0]].lineno if alike else None
        hint = f"there is a class {alike[0]}, but it must be named {_CLASS}" if alike else None
        return Methods(False, False), [CodeError(f"there is no class {_CLASS}", line, hint)]
    members, complete = _members(classes[_CLASS], classes)
    errors = []
    for name in _METHODS:
        member = members.get(name)
        if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
            error = _check_init(member) if name == "__init__" else _check_request(member)
            if error is not None:
                errors.append(error)
    methods = Methods("request" in members, "requests" in members)
    if any(methods):
        return methods, errors
    if not complete:
        return Methods(True, False), errors
    message = f"class {_CLASS} has neither a method request(self, data) nor a method requests(self, data)"
    return methods, [*errors, CodeError(message, classes[_CLASS].lineno)]


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yields the statements of a body, and of the blocks in it that share its names."""
    pending = [iter(body)]
    while pending:
        statement = next(pending[-1], None)
        if statement is None:
            pending.pop()
            continue
        yield statement
        if not isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            pending += [iter(block) for block in reversed(list(_blocks(statement)))]


def _blocks(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """Yields the blocks of a compound statement, in their order."""
    yield getattr(statement, "body", ())
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body
    yield getattr(statement, "orelse", ())
    yield getattr(statement, "finalbody", ())


def names_bound(body: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
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


def _members(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> tuple[dict[str, ast.stmt], bool]:
    """Returns the members of a class and its bases, and whether these are all.

    It isn't if a base comes from elsewhere. Each class is visited once, however often
    it is a base.
    """
    members: dict[str, ast.stmt] = {}
    # The classes whose bases are being visited, and those that have been.
    path, seen = {node.name}, {node.name}
    pending: list[tuple[ast.ClassDef, Iterator[ast.expr]]] = []

    def enter(visited: ast.ClassDef) -> bool:
        for name, member in names_bound(visited.body).items():
            members.setdefault(name, member)
        pending.append((visited, iter(visited.bases)))
        return not visited.keywords and not visited.decorator_list

    complete = enter(node)
    while pending:
        visited, bases = pending[-1]
        base = next(bases, None)
        if base is None:
            path.discard(visited.name)
            pending.pop()
            continue
        name = base.id if isinstance(base, ast.Name) else None
        if name == "object":
            continue
        if name not in classes or name in path:
            complete = False
        elif name not in seen:
            path.add(name)
            seen.add(name)
            complete = enter(classes[name]) and complete
    return members, complete


def _is_bound_otherwise(function: Function) -> bool:
    """Returns whether a decorator may change how the function is called."""
    return bool(function.decorator_list)


def _check_init(function: Function) -> CodeError | None:
    """Returns an error if the class can't be created with what the platform passes."""
    if _is_bound_otherwise(function):
        return None
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    unknown = [
        argument.arg
        for index, argument in enumerate(positional[: len(positional) - len(arguments.defaults)])
        if index > 0 and (index < len(arguments.posonlyargs) or argument.arg not in _INIT)
    ]
    unknown += [
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults)
        if default is None and argument.arg not in _INIT
    ]
    if not unknown and (positional or arguments.vararg):
        return None
    return CodeError(
        f"{_CLASS}.__init__ takes ({ast.unparse(arguments)}), but is called with the keyword arguments"
        " base_directory and context",
        function.lineno,
        "write __init__(self, base_directory, context)",
    )


def _check_request(function: Function) -> CodeError | None:
    """Returns an error if a method can't be called with what the platform passes."""
    if _is_bound_otherwise(function):
        return None
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    # self, and what has no default.
    required = len(positional) - len(arguments.defaults)
    most = len(positional) if arguments.vararg is None else sys.maxsize
    missing = [name.arg for name, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is None]
    if most >= 2 and required <= 1 + len(_REQUEST) and missing in ([], ["context"]):
        return None
    return CodeError(
        f"{_CLASS}.{function.name} takes ({ast.unparse(arguments)}), but is called as"
        " (self, data) or (self, data, context)",
        function.lineno,
    )


def read_python_by_patterns(source: bytes) -> Methods:
    """Returns the methods that patterns find, in code that this Python can't parse."""
    text = source.decode("utf-8", "replace")
    # White space here never includes line breaks: that would take quadratic time.
    if not re.search(rf"^[ \t\f]*class[ \t]+{_CLASS}\b", text, re.MULTILINE):
        raise CodeError(f"there is no class {_CLASS}")

    def has(method: str) -> bool:
        return re.search(rf"^[ \t\f]+(?:async[ \t]+)?def[ \t]+{method}[ \t]*\(", text, re.MULTILINE) is not None

    return Methods(has("request"), has("requests"))


def read_r(source: bytes) -> Methods:
    """Returns the methods that ``deployment.R`` has."""
    text = source.decode("utf-8", "replace")

    def has(method: str) -> bool:
        # R allows a line break after the arrow.
        pattern = rf"^[ \t\f]*{method}[ \t]*(?:<-|=)\s*function[ \t]*\("
        return re.search(pattern, text, re.MULTILINE) is not None

    return Methods(has("request"), has("requests"))
