"""Checks the lines of a requirements.txt, without asking any package index."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

REDUCED = "its lines are checked only roughly without packaging: pip install 'ubiops[packages]'"

_OPTION = re.compile(r"(--?[A-Za-z][\w-]*)(?:[\s=]+(.*))?")
_COMMENT = re.compile(r"(^|\s)#.*$")
_LONGEST_LINE = 10_000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_ROUGH = re.compile(
    rf"{_NAME.pattern}\s*(?:\[[\w\s,.-]*\])?\s*(?:@\s*\S+|\(?\s*(?:(?:[<>=!~]=|===|[<>])\s*[\w.*+!-]+\s*,?\s*)*\)?)\s*(?:;.*)?"
)
_LOCAL_ARCHIVE = re.compile(r"[^@;]+\.(?:whl|zip|tar\.gz)\s*(?:;|$)", re.IGNORECASE)
_URL = re.compile(r"(?:(?:git|hg|svn|bzr)\+|https?://|ftp://|file:)", re.IGNORECASE)
_FLAGS = "--no-index --pre --no-binary --only-binary --prefer-binary --require-hashes --trusted-host"
_OTHERS = "--use-feature --config-settings --hash --global-option -e --editable"
_INDEX_OPTIONS = frozenset(("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links"))
_FILE_OPTIONS = frozenset(("-r", "--requirement", "-c", "--constraint"))
_OPTIONS = _INDEX_OPTIONS | _FILE_OPTIONS | frozenset(f"{_FLAGS} {_OTHERS}".split())
_PER_REQUIREMENT = re.compile(r"\s--(?:hash|config-settings|global-option)\b.*$")


class Remark(NamedTuple):
    """A finding about a line; ``is_problem`` if pip would fail."""

    line: int | None
    message: str
    is_problem: bool = True
    hint: str | None = None


class Requirements(NamedTuple):
    """The requirements of a file, and its problems."""

    names: dict[str, int]
    """By name, the line."""
    remarks: list[Remark]
    has_other_index: bool
    """Whether packages may come from elsewhere than the default index."""
    is_complete: bool
    """Whether the names are all that is installed; other files and URLs add to them."""


def normal_name(name: str) -> str:
    """Returns a package's name in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_requirements(content: bytes, files: Container[str] | None = None) -> Requirements:
    """Checks the content of a requirements.txt.

    Args:
        content: The file's bytes.
        files: The names of the files beside it, to which its lines may refer; None if
            they aren't known.
    """
    text, remarks = _decode(content)
    checker = _Checker(files)
    checker.remarks = remarks
    for number, line in _logical_lines(text):
        checker.check(number, line)
    if checker.is_rough and checker.names:
        checker.remarks.append(Remark(None, REDUCED, False))
    return Requirements(checker.names, checker.remarks, checker.has_other_index, checker.is_complete)


def _decode(content: bytes) -> tuple[str, list[Remark]]:
    hint = "save it as UTF-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        remark = Remark(None, "it is encoded as UTF-16, as PowerShell writes it", False, hint)
        return content.decode("utf-16", "replace"), [remark]
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return content.decode("utf-8", "replace"), [Remark(line, "the text is not valid UTF-8", True, hint)]


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yields the lines and their numbers, without comments; continued ones joined."""
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            pending += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", pending + line).strip()
        if whole:
            yield start, whole
        pending, start = "", 0
    if pending.strip():
        yield start, pending.strip()


class _Checker:
    """Collects what the lines of one file require."""

    def __init__(self, files: Container[str] | None) -> None:
        self._files = files
        self._requirement = _requirement_class()
        self._specifiers: dict[str, tuple[str, bool]] = {}
        self.is_rough = self._requirement is None
        self.names: dict[str, int] = {}
        self.remarks: list[Remark] = []
        self.has_other_index = False
        self.is_complete = True

    def check(self, number: int, line: str) -> None:
        if len(line) > _LONGEST_LINE:
            self.remarks.append(Remark(number, "the line is too long"))
        elif line.startswith("-"):
            self._check_option(number, line)
        elif _URL.match(line):
            self.is_complete = False
            self._check_url(number, line)
        elif line.startswith((".", "/", "~")) or _LOCAL_ARCHIVE.match(line):
            self.is_complete = False
            self._check_file(number, line.partition(";")[0].strip())
        else:
            self._check_requirement(number, _PER_REQUIREMENT.sub("", line))

    def _check_option(self, number: int, line: str) -> None:
        match = _OPTION.fullmatch(line)
        # The value of a short option may follow without a space, as in -rmore.txt.
        option, value = (match[1], match[2] or "") if match else (line[:2], line[2:])
        if option not in _OPTIONS and option[:2] in _OPTIONS and not option.startswith("--"):
            option, value = option[:2], option[2:] + value
        if option not in _OPTIONS:
            self.remarks.append(Remark(number, f"pip has no option {option} for requirements files"))
            return
        self.has_other_index = self.has_other_index or option in _INDEX_OPTIONS
        if option in _FILE_OPTIONS:
            self.is_complete = False
            if not _URL.match(value):
                self._check_file(number, value.strip("\"' "))
        elif option in ("-e", "--editable"):
            self.is_complete = False
            if _URL.match(value):
                self._check_url(number, value)

    def _check_file(self, number: int, path: str) -> None:
        name = re.sub(r"^(\./)+", "", path.partition("[")[0])
        if name.startswith(("/", "~")) or re.match(r"[A-Za-z]:\\", name):
            self.remarks.append(
                Remark(number, f"{path} is a path on your machine", True, "put the file into the package")
            )
        elif self._files is not None and name.endswith((".txt", ".whl", ".zip", ".gz")) and name not in self._files:
            self.remarks.append(Remark(number, f"there is no file {name} in the package"))

    def _check_url(self, number: int, line: str) -> None:
        if line.lower().startswith("file:"):
            self.remarks.append(
                Remark(number, f"{line} is a path on your machine", True, "name the package and its version")
            )

    def _check_requirement(self, number: int, line: str) -> None:
        if self._requirement is None:
            self._check_roughly(number, line)
            return
        try:
            parsed = self._requirement(line)
        except ValueError as error:
            why = str(error).partition("\n")[0]
            self.remarks.append(Remark(number, f"{line!r} is not a valid requirement: {why}", True, _hint_for(line)))
            return
        if parsed.url:
            self._check_url(number, parsed.url)
        self._add(number, parsed.name, str(parsed.specifier), parsed.marker is not None)

    def _check_roughly(self, number: int, line: str) -> None:
        name = _NAME.match(line)
        if name is None or _ROUGH.fullmatch(line) is None:
            self.remarks.append(Remark(number, f"{line!r} is not a valid requirement", True, _hint_for(line)))
            return
        _, at, url = line.partition(" @ ")
        if at:
            self._check_url(number, url.strip())
        requirement, semicolon, _ = line.partition(";")
        specifier = requirement[name.end() :].partition("]")[2] if "[" in requirement else requirement[name.end() :]
        self._add(number, name[0], "" if at else specifier.strip(), bool(semicolon))

    def _add(self, number: int, name: str, specifier: str, is_conditional: bool) -> None:
        normal = normal_name(name)
        if normal in self._specifiers:
            other, other_is_conditional = self._specifiers[normal]
            if other != specifier and not is_conditional and not other_is_conditional:
                first = f"as '{name}{other}' in line {self.names[normal]}"
                message = f"{name} is required twice: {first} and as '{name}{specifier}'"
                self.remarks.append(Remark(number, message, True, "keep one of the lines"))
        self.names.setdefault(normal, number)
        self._specifiers.setdefault(normal, (specifier, is_conditional))


def _requirement_class() -> Any:
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return None
    return Requirement


def _hint_for(line: str) -> str | None:
    if re.search(r"[^=<>!~]=[^=]", line):
        return "an exact version is written with =="
    if line.startswith("pip "):
        return "write the package's name only"
    if re.fullmatch(rf"{_NAME.pattern}\s+v?\d[\w.]*", line):
        return "put == between the name and the version"
    return None
