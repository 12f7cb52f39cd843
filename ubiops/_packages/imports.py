"""Follows the imports of a deployment and finds local modules that are missing."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ubiops._packages.errors import UnusableError
from ubiops._packages.limits import MAXIMUM_CODE_SIZE, MAXIMUM_MODULES_SIZE, MAXIMUM_PROBLEMS
from ubiops._packages.report import PackageProblem
from ubiops._packages.source import CodeError, names_bound, parse_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAXIMUM_MODULES = 2000
_LIBRARIES = "libraries"

# Import names whose package has another name on PyPI.
_DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "crypto": "pycryptodome",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "magic": "python-magic",
    "mysqldb": "mysqlclient",
    "openssl": "pyopenssl",
    "pil": "pillow",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "usb": "pyusb",
    "win32api": "pywin32",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}

# No longer in the standard library; an environment may have an older Python.
_FORMER_NAMES = (
    "aifc asynchat asyncore audioop binhex cgi cgitb chunk crypt distutils formatter imghdr imp"
    " lib2to3 mailcap msilib nis nntplib ossaudiodev parser pipes smtpd sndhdr spwd sunau symbol"
    " telnetlib uu xdrlib"
)
_FORMER = frozenset(_FORMER_NAMES.split())


class PythonFiles(Protocol):
    """The files of a package, by their names in it."""

    @property
    def names(self) -> Sequence[str]: ...

    def read(self, name: str, limit: int) -> bytes: ...

    def reason_left_out(self, name: str) -> str | None:
        """Returns why a file that exists is not packed; None if that isn't the case."""


class _Import(NamedTuple):
    """One module that a statement imports, and the name imported from it."""

    module: str
    member: str | None
    level: int
    line: int


class Findings(NamedTuple):
    """The problems of the imports, and the modules from outside the package."""

    problems: list[PackageProblem]
    external: dict[str, tuple[str, int]]
    """By the module's name, the file and line where it is imported first."""


def distribution_names(module: str) -> set[str]:
    """Returns the normal forms of the names that a module's package may have."""
    normal = re.sub(r"[-_.]+", "-", module).lower()
    return {normal, f"python-{normal}", _DISTRIBUTIONS.get(module.lower(), normal)}


def check_imports(files: PythonFiles, code: str, version: tuple[int, int]) -> Findings:
    """Follows the imports from the file with the code.

    Args:
        files: All files of the package.
        code: The name of the file with the code.
        version: The version of Python to parse for.
    """
    return _Follower(files, code, version).follow()


class _Follower:
    """Reads each local module that can be reached once."""

    def __init__(self, files: PythonFiles, code: str, version: tuple[int, int]) -> None:
        self._files = files
        self._names = frozenset(files.names)
        self._folders = {name[:at] for name in files.names for at in _slashes(name)}
        self._modules = {path for path in map(_module_path, files.names) if path is not None}
        self._code = code
        root = code.rpartition("/")[0]
        self._paths = [f"{root}/" if root else "", f"{root}/{_LIBRARIES}/" if root else f"{_LIBRARIES}/"]
        self._version = version
        self._left = MAXIMUM_MODULES_SIZE
        self._by_lower_name = {name.lower(): name for name in sorted(files.names, reverse=True)}
        self._pending: list[str] = [code]
        self._seen = {code}
        # Problems of the code itself have been reported.
        self._invalid = {code}
        self._bound: dict[str, set[str] | None] = {}
        self._problems: list[PackageProblem] = []
        self._missing: list[PackageProblem] = []
        self._external: dict[str, tuple[str, int]] = {}
        self._changes_path = False

    def follow(self) -> Findings:
        while self._pending and not self._is_exhausted():
            name = self._pending.pop(0)
            tree = self._parse(name)
            if tree is None:
                continue
            self._changes_path = self._changes_path or _changes_path(tree)
            for imported in _imports(tree):
                self._resolve(name, imported)
        if self._changes_path:
            # What seems missing may be in a folder that the code adds to the path.
            return Findings(self._problems[:MAXIMUM_PROBLEMS], {})
        return Findings([*self._problems, *self._missing][:MAXIMUM_PROBLEMS], self._external)

    def _is_exhausted(self) -> bool:
        found = len(self._problems) + len(self._missing)
        return len(self._seen) > _MAXIMUM_MODULES or self._left <= 0 or found > MAXIMUM_PROBLEMS

    def _parse(self, name: str) -> ast.Module | None:
        try:
            source = self._files.read(name, min(MAXIMUM_CODE_SIZE, self._left))
            self._left -= len(source)
            return parse_python(source, name, self._version)
        except CodeError as error:
            if name not in self._invalid:
                self._invalid.add(name)
                self._problems.append(PackageProblem(error.message, name, error.line, error.hint))
        except UnusableError:
            # It is too large, or can't be unpacked. What it imports remains unknown.
            pass
        return None

    def _resolve(self, name: str, imported: _Import) -> None:
        if imported.level:
            self._resolve_relative(name, imported)
            return
        parts = imported.module.split(".")
        for path in self._paths:
            if self._is_module(path + parts[0]):
                self._descend(name, imported, path, parts)
                return
        if not _is_standard(parts[0]):
            self._look_elsewhere(name, imported, parts[0])

    def _resolve_relative(self, name: str, imported: _Import) -> None:
        if name == self._code:
            dots = "." * imported.level
            wanted = imported.module or imported.member or ""
            statement = f"from {dots}{imported.module} import {imported.member}"
            message = f"'{statement}' fails: {name.rpartition('/')[2]} is not part of a package"
            self._problems.append(
                PackageProblem(
                    message,
                    name,
                    imported.line,
                    f"write 'import {wanted}' or 'from {wanted} import ...', without the dots",
                )
            )
            return
        package = name.split("/")[: -imported.level]
        base = "".join(f"{part}/" for part in package)
        self._descend(name, imported, base, imported.module.split(".") if imported.module else [])

    def _descend(self, name: str, imported: _Import, base: str, parts: list[str]) -> None:
        """Checks a module in a local folder, and the names imported from it."""
        at = base.rstrip("/")
        for part in parts:
            inner = f"{at}/{part}" if at else part
            if at and not self._is_module(inner):
                if not self._may_bind(at, part):
                    self._add_missing(name, imported, inner)
                return
            self._queue(inner)
            at = inner
        if imported.member is None or imported.member == "*":
            return
        inner = f"{at}/{imported.member}" if at else imported.member
        if self._is_module(inner):
            self._queue(inner)
        elif at in self._folders and not self._may_bind(at, imported.member):
            self._add_missing(name, imported, inner)

    def _is_module(self, path: str) -> bool:
        """Returns whether this path is a module or a folder, which is one as well."""
        return path in self._modules or path in self._folders

    def _queue(self, path: str) -> None:
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if name in self._names and name not in self._seen:
                self._seen.add(name)
                self._pending.append(name)

    def _may_bind(self, package: str, member: str) -> bool:
        """Returns whether the __init__.py of a local package may define a name."""
        name = f"{package}/__init__.py" if package else "__init__.py"
        if name not in self._names:
            # A module may define anything, a folder without __init__.py nothing.
            return package not in self._folders
        if name not in self._bound:
            self._bound[name] = _bound_names(self._parse(name))
        bound = self._bound[name]
        return bound is None or member in bound

    def _add_missing(self, name: str, imported: _Import, path: str) -> None:
        message = f"there is no module {path.rpartition('/')[2]} in the folder {path.rpartition('/')[0] or '.'}"
        self._missing.append(PackageProblem(message, name, imported.line, self._hint(path)))

    def _look_elsewhere(self, name: str, imported: _Import, module: str) -> None:
        """Handles a local module that is missing."""
        for path in self._paths:
            hint = self._hint(path + module)
            if hint is not None:
                message = f"there is no module {module} in the package"
                self._missing.append(PackageProblem(message, name, imported.line, hint))
                return
        self._external.setdefault(module, (name, imported.line))

    def _hint(self, path: str) -> str | None:
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            reason = self._files.reason_left_out(candidate)
            if reason is not None:
                return f"{candidate} exists, but is not packed: {reason}"
        alike = self._by_lower_name.get(f"{path}.py".lower())
        if alike is not None and alike.rpartition("/")[0] == path.rpartition("/")[0]:
            return f"there is {alike}; case matters where deployments run"
        return None


def _slashes(name: str) -> Iterator[int]:
    return (at for at, character in enumerate(name) if character == "/")


def _module_path(name: str) -> str | None:
    """Returns the path of a module, without its ending; None for other files."""
    if not name.endswith((".py", ".pyc", ".so", ".pyd")):
        return None
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}{file.partition('.')[0]}"


def _imports(tree: ast.Module) -> Iterator[_Import]:
    """Yields the imports of a module that are not in a condition or a try block."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(alias.name, None, 0, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield _Import(node.module or "", alias.name, node.level, node.lineno)
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def _bound_names(tree: ast.Module | None) -> set[str] | None:
    """Returns the names that a module has; None if only running it would show them."""
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return None
        if isinstance(node, (ast.Global, ast.Call)) and _is_dynamic(node):
            return None
    names = names_bound(tree.body)
    if "__getattr__" in names or "__path__" in names:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, tree.body[0])
    return set(names)


def _is_dynamic(node: ast.Global | ast.Call) -> bool:
    if isinstance(node, ast.Global):
        return True
    return isinstance(node.func, ast.Name) and node.func.id in ("globals", "vars", "setattr", "exec")


def _changes_path(tree: ast.Module) -> bool:
    """Returns whether a module changes the path of modules."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("path", "meta_path", "path_hooks", "modules")
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
        for node in ast.walk(tree)
    ) or any(isinstance(node, ast.ImportFrom) and node.module in ("sys", "site") for node in ast.walk(tree))


def _is_standard(module: str) -> bool:
    return module in _FORMER or module in _standard_modules()


def _standard_modules() -> frozenset[str]:
    global _standard
    if _standard is None:
        if sys.version_info >= (3, 10):
            _standard = sys.stdlib_module_names
        else:
            _standard = _listed_modules()
    return _standard


def _listed_modules() -> frozenset[str]:
    """Returns the modules of the standard library by their files, for Python 3.9."""
    import os
    import pkgutil

    folder = os.path.dirname(os.__file__)
    found = pkgutil.iter_modules([folder, os.path.join(folder, "lib-dynload")])
    return frozenset(sys.builtin_module_names) | {module.name for module in found} | {"_winapi", "msvcrt", "winreg"}


_standard: frozenset[str] | None = None
