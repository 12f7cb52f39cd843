"""Validates a package before it is uploaded."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ubiops._packages.archive import ZipFiles, open_archive
from ubiops._packages.build import NO_FUNCTION
from ubiops._packages.errors import PackageError, UnusableError
from ubiops._packages.imports import check_imports, distribution_names
from ubiops._packages.layout import CODE_FILES, find_code
from ubiops._packages.limits import (
    MAXIMUM_CODE_SIZE,
    MAXIMUM_PACKAGE,
    MAXIMUM_REQUIREMENTS_SIZE,
    MAXIMUM_SETTINGS_SIZE,
    readable,
)
from ubiops._packages.report import PackageProblem, PackageReport
from ubiops._packages.requirements import Requirements, check_requirements
from ubiops._packages.settings import REDUCED, check_settings
from ubiops._packages.source import CodeError, Methods, check_class, parse_python, read_python_by_patterns, read_r

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ubiops._packages.folder import FolderSettings
    from ubiops._packages.listing import Listing

_ENVIRONMENT = re.compile(r"(?:^|-)(?:python3-(?P<python>\d{1,2})|(?P<r>r\d))(?=-|$)")
_MISTAKEN = {
    "requirement.txt": "requirements.txt",
    "requirements.text": "requirements.txt",
    "ubiops.yml": "ubiops.yaml",
}
_SHOWN_MODULES = 10


class FolderFiles:
    """The files of a folder that are packed."""

    place = "the folder"
    duplicates: Sequence[str] = ()

    def __init__(self, folder: FolderSettings, listing: Listing) -> None:
        self._folder = folder
        self._items = {item.name: item for item in listing.items}
        self.names = list(self._items)

    def unpacked_size(self) -> int:
        return sum(item.size for item in self._items.values())

    def read(self, name: str, limit: int) -> bytes:
        try:
            with open(self._items[name].path, "rb") as file:
                content = file.read(limit + 1)
        except OSError as error:
            raise UnusableError(f"{name} can't be read: {error.strerror}") from None
        if len(content) > limit:
            raise UnusableError(f"{name} is larger than {readable(limit)}")
        return content

    def reason_left_out(self, name: str) -> str | None:
        return self._folder.reason_left_out(name) if name not in self._items else None


class ArchivedFiles:
    """The files in an archive."""

    place = ZipFiles.place

    def __init__(self, files: ZipFiles) -> None:
        self._files = files
        self.names = files.names
        self.duplicates = files.duplicates
        self.unpacked_size = files.unpacked_size
        self.read = files.read

    def reason_left_out(self, name: str) -> str | None:
        return None


def check_folder_package(folder: FolderSettings, environment: str | None, code_file: str | None) -> PackageReport:
    """Validates the files of a folder that would be packed."""
    check = _Check(folder.path, environment, code_file)
    try:
        listing = folder.list()
    except PackageError as error:
        return check.failed(PackageProblem(str(error)))
    for note in listing.notes:
        check.warn(note.message, note.name or None)
    if folder.has_unused_gitignore():
        hint = "copy it to .ubiops-ignore, or use PackageFolder(path, ignore_filename='.gitignore')"
        check.warn("what it lists is packed all the same", ".gitignore", hint=hint)
    return check.run(FolderFiles(folder, listing))


def check_archive(path: str, environment: str | None, code_file: str | None) -> PackageReport:
    """Validates an archive."""
    check = _Check(path, environment, code_file)
    try:
        size = os.stat(path).st_size
        with open_archive(Path(path)) as files:
            if size > MAXIMUM_PACKAGE:
                check.warn(
                    f"the file takes {readable(size)}; the platform accepts packages up to {readable(MAXIMUM_PACKAGE)}"
                )
            return check.run(ArchivedFiles(files))
    except UnusableError as error:
        return check.failed(PackageProblem(error.message, hint=error.hint))
    except OSError as error:
        raise PackageError(f"{path!r} can't be read: {error.strerror}") from None


class _Check:
    """Collects the problems of one package."""

    def __init__(self, path: str, environment: str | None, code_file: str | None) -> None:
        self._path = path
        self._environment = environment
        self._code_file = code_file
        self._problems: list[PackageProblem] = []
        self._warnings: list[PackageProblem] = []

    def warn(self, message: str, file: str | None = None, line: int | None = None, hint: str | None = None) -> None:
        self._warnings.append(PackageProblem(message, file, line, hint))

    def failed(self, problem: PackageProblem) -> PackageReport:
        """Returns a report on a package that can't be opened."""
        return PackageReport(self._path, (problem,), tuple(self._warnings))

    def run(self, files: FolderFiles | ArchivedFiles) -> PackageReport:
        language, version = _language(self._environment, files.names)
        code = None
        methods = Methods(False, False)
        for name in files.duplicates[:10]:
            self.warn("the archive has more than one file of this name", name)
        try:
            code = find_code(files.names, language, files.place, self._environment, self._code_file)
            methods = self._check_code(files, code, language, version)
        except UnusableError as error:
            self._problems.append(PackageProblem(error.message, code, hint=error.hint))
        root = f"{code.rpartition('/')[0]}/".lstrip("/") if code else None
        if root is not None:
            required = self._check_requirements(files, f"{root}requirements.txt")
            self._check_settings(files, f"{root}ubiops.yaml")
            self._check_misplaced(files, root)
            if code and language == "python":
                self._check_imports(files, code, version, required)
        return PackageReport(
            self._path,
            tuple(sorted(self._problems, key=_place)),
            tuple(sorted(self._warnings, key=_place)),
            len(files.names),
            files.unpacked_size(),
            code,
            *methods,
        )

    def _check_code(
        self, files: FolderFiles | ArchivedFiles, code: str, language: str, version: tuple[int, int]
    ) -> Methods:
        source = files.read(code, MAXIMUM_CODE_SIZE)
        if language == "r":
            methods = read_r(source)
            if not any(methods):
                self._problems.append(PackageProblem(NO_FUNCTION, code))
            return methods
        errors: list[CodeError] = []
        methods = Methods(False, False)
        try:
            tree = parse_python(source, code, version)
            if tree is not None:
                methods, errors = check_class(tree)
            else:
                wanted, present = (".".join(str(part) for part in which) for which in (version, sys.version_info[:2]))
                self.warn(f"Python {present}, which runs this check, can't parse the code for Python {wanted}", code)
                methods = read_python_by_patterns(source)
        except CodeError as error:
            errors = [error]
        self._problems += [PackageProblem(error.message, code, error.line, error.hint) for error in errors]
        return methods

    def _check_imports(
        self, files: FolderFiles | ArchivedFiles, code: str, version: tuple[int, int], required: Requirements | None
    ) -> None:
        findings = check_imports(files, code, version)
        self._problems += findings.problems
        if required is not None and not required.is_complete:
            return
        known = required.names if required is not None else {}
        external = {
            module: place
            for module, place in findings.external.items()
            if not distribution_names(module) & known.keys()
        }
        if not external:
            return
        modules = ", ".join(list(external)[:_SHOWN_MODULES]) + (", ..." if len(external) > _SHOWN_MODULES else "")
        file, line = next(iter(external.values()))
        where = "the package and its requirements.txt don't" if required is not None else "the package doesn't"
        self.warn(f"the environment has to provide {modules}: {where}", file, line)

    def _check_requirements(self, files: FolderFiles | ArchivedFiles, name: str) -> Requirements | None:
        content = self._read(files, name, MAXIMUM_REQUIREMENTS_SIZE)
        if content is None:
            return None
        folder = name.rpartition("/")[0]
        beside = {other[len(folder) :].lstrip("/") for other in files.names if other.startswith(folder)}
        required = check_requirements(content, beside)
        for remark in required.remarks:
            problem = PackageProblem(remark.message, name, remark.line, remark.hint)
            (self._problems if remark.is_problem else self._warnings).append(problem)
        return required

    def _check_settings(self, files: FolderFiles | ArchivedFiles, name: str) -> None:
        content = self._read(files, name, MAXIMUM_SETTINGS_SIZE)
        if content is None:
            return
        settings = check_settings(content)
        self._problems += [PackageProblem(p.message, name, p.line, p.hint) for p in settings.problems]
        if not settings.is_complete:
            self.warn(REDUCED, name)

    def _read(self, files: FolderFiles | ArchivedFiles, name: str, limit: int) -> bytes | None:
        if name not in files.names:
            return None
        try:
            return files.read(name, limit)
        except UnusableError as error:
            self._problems.append(PackageProblem(error.message, name, hint=error.hint))
            return None

    def _check_misplaced(self, files: FolderFiles | ArchivedFiles, root: str) -> None:
        """Warns of settings under a wrong name or in a wrong place."""
        expected = ("requirements.txt", "ubiops.yaml")
        for name in files.names:
            folder, _, file = name.rpartition("/")
            wanted = _MISTAKEN.get(file.lower(), file.lower())
            if wanted not in expected:
                continue
            in_root = name == root + file
            if in_root and file != wanted:
                self.warn("a file of this name is not used", name, hint=f"rename it to {wanted}")
            elif not in_root and not folder and root + wanted not in files.names:
                self.warn("it is not used here", name, hint=f"move it to {root}{wanted}, beside the code")


def _place(problem: PackageProblem) -> tuple[str, int]:
    return problem.file or "", problem.line or 0


def _language(environment: str | None, names: Sequence[str]) -> tuple[str, tuple[int, int]]:
    """Returns the language and version that the environment or the files suggest."""
    match = _ENVIRONMENT.search(environment or "")
    if match and match["python"]:
        return "python", (3, int(match["python"]))
    if match:
        return "r", (0, 0)
    shallow = {name.rpartition("/")[2] for name in names if name.count("/") <= 1}
    is_r = CODE_FILES["r"] in shallow and CODE_FILES["python"] not in shallow
    return ("r" if is_r else "python"), _this_python()


def _this_python() -> tuple[int, int]:
    return (sys.version_info[0], sys.version_info[1])


def validate(path: Any, environment: str | None, code_file: str | None) -> PackageReport:
    """Validates a folder, given by path or as a ``PackageFolder``, or an archive."""
    __tracebackhide__ = True
    from ubiops._packages.errors import PackageFileNotFoundError, as_text
    from ubiops._packages.folder import FolderSettings, PackageFolder

    if isinstance(path, PackageFolder):
        return check_folder_package(path.settings, environment, code_file)
    text = as_text(path, "path")
    if os.path.isdir(text):
        return check_folder_package(FolderSettings(text), environment, code_file)
    if not os.path.exists(text):
        raise PackageFileNotFoundError(f"there is no folder or file {text!r}")
    if not os.path.isfile(text):
        raise PackageError(f"{text!r} is neither a folder nor a regular file")
    return check_archive(text, environment, code_file)
