"""Reads what an environment is built from, without installing anything."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops._packages.archive import open_archive
from ubiops._packages.errors import UnusableError
from ubiops._packages.limits import MAXIMUM_REQUIREMENTS_SIZE
from ubiops._packages.requirements import check_requirements
from ubiops._packages.settings import check_settings

if TYPE_CHECKING:
    from pathlib import Path

    from ubiops.emulator.areas.environments.base import Environment

REQUIREMENTS = "requirements.txt"
SETTINGS = "ubiops.yaml"
NO_IMAGE = "The emulator does not run docker images: this one is stored only"
NO_R = "The emulator does not install packages of R: the lists are stored only"
_FILES = {
    "python": (REQUIREMENTS, SETTINGS, "environment.yaml"),
    "r": ("install_packages.R", "renv.lock", SETTINGS),
}
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")
_LONGEST_ERROR = 1024
_LONGEST_LINE = 4000


class Contents(NamedTuple):
    """What was found in an upload.

    Attributes:
        files: The lists of packages by their names.
        error: Why it can't be built; an empty text if it can.
        notes: What the log of the build says about it.
    """

    files: dict[str, str]
    error: str = ""
    notes: tuple[str, ...] = ()

    @property
    def requirements(self) -> str:
        """The text of requirements.txt, or an empty text."""
        return self.files.get(REQUIREMENTS, "")


def read_contents(path: Path, base: Environment | None) -> Contents:
    """Reads an upload to an environment on this base; None stands for no base.

    A file that is no archive is a requirements.txt, if it is a text.
    """
    if base is None:
        return Contents({}, notes=(NO_IMAGE,))
    try:
        files = _read_zip(path, base) if _is_zip(path) else {REQUIREMENTS: _read_text(path)}
    except UnusableError as error:
        return Contents({}, _shortened(str(error)))
    notes = (NO_R,) if base.language == "r" else ()
    if base.language == "python" and "environment.yaml" in files:
        notes = (*notes, "environment.yaml is not supported by the emulator: nothing in it is installed")
    return Contents(files, _problem(files), (*notes, *_apt(files)))


def build_variables(contents: Contents) -> dict[str, str]:
    """Returns the environment variables of ubiops.yaml, which hold during the build."""
    listed = _settings(contents.files).get("environment_variables")
    if not isinstance(listed, list):
        return {}
    pairs = (str(entry).partition("=") for entry in listed)
    return {name: value for name, equals, value in pairs if equals}


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _read_text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAXIMUM_REQUIREMENTS_SIZE + 1)
    if not content.strip():
        raise UnusableError("the file is empty")
    text = _decoded(content, REQUIREMENTS)
    if "\0" in text:
        raise UnusableError(f"the file is neither a zip archive nor a {REQUIREMENTS}")
    return text


def _read_zip(path: Path, base: Environment) -> dict[str, str]:
    wanted = _FILES[base.language]
    with open_archive(path) as archive:
        names = [name for name in archive.names if name.partition("/")[0] not in _LITTER]
        folders = {name.partition("/")[0] for name in names if "/" in name}
        # All in one folder is as good as all at the root.
        places = ["", *(f"{folder}/" for folder in folders if len(folders) == 1)]
        place = next((place for place in places if any(place + name in names for name in wanted)), None)
        if place is None:
            shown = " nor ".join(wanted[:2])
            raise UnusableError(f"there is neither {shown} at the root of the zip archive or in its only folder")
        return {
            name: _decoded(archive.read(place + name, MAXIMUM_REQUIREMENTS_SIZE), name)
            for name in wanted
            if place + name in names
        }


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAXIMUM_REQUIREMENTS_SIZE:
        raise UnusableError(f"{name} is larger than {MAXIMUM_REQUIREMENTS_SIZE:,} bytes")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableError(f"{name} is not valid UTF-8") from error


def _problem(files: dict[str, str]) -> str:
    """Returns why the lists can't be installed, as far as they tell by themselves."""
    found = []
    if REQUIREMENTS in files:
        remarks = check_requirements(files[REQUIREMENTS].encode("utf-8"), files).remarks
        found += [(REQUIREMENTS, one.line, one.message) for one in remarks if one.is_problem]
    if SETTINGS in files:
        problems = check_settings(files[SETTINGS].encode("utf-8")).problems
        found += [(SETTINGS, problem.line, problem.message) for problem in problems]
    lines = [f"{name}{'' if line is None else f', line {line}'}: {message}" for name, line, message in found]
    return _shortened("; ".join(lines))


def _settings(files: dict[str, str]) -> dict[str, Any]:
    try:
        import yaml
    except ImportError:
        return {}
    try:
        read = yaml.safe_load(files.get(SETTINGS, ""))
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _apt(files: dict[str, str]) -> tuple[str, ...]:
    apt = _settings(files).get("apt")
    packages = apt.get("packages") if isinstance(apt, dict) else None
    if not isinstance(packages, list) or not packages:
        return ()
    shown = f"The emulator does not install packages of the system: {', '.join(map(str, packages))}"
    return (shown[:_LONGEST_LINE],)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 3] + "..."
