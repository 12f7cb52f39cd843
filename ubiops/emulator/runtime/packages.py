"""Unpacked packages, and the working copies that processes run in."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ubiops._packages.archive import open_archive
from ubiops._packages.errors import UnusableError
from ubiops._packages.layout import find_code
from ubiops._packages.limits import readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ubiops._packages.archive import ZipFiles

REQUIREMENTS = "requirements.txt"
SETTINGS = "ubiops.yaml"
# Space that is left on the disk.
_RESERVE = 256 * 1024**2
# Larger files are not copied for each process but linked.
_LINKED = 4 * 1024**2


@dataclass(frozen=True)
class Package:
    """A package that is unpacked.

    Attributes:
        folder: The folder of its code.
        file: The name of the file with the code.
    """

    folder: Path
    file: str

    def read(self, name: str) -> str | None:
        """Returns the text of a file beside the code, or None if there is none."""
        try:
            return (self.folder / name).read_text(encoding="utf-8-sig", errors="replace")
        except (FileNotFoundError, IsADirectoryError):
            return None


class Packages:
    """The unpacked packages in the data folder, each unpacked once.

    Args:
        folder: The folder to use. What a kill left behind in it is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._unpacked = folder / "packages"
        self._work = folder / "work"
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        shutil.rmtree(self._work, ignore_errors=True)
        for each in (self._unpacked, self._work):
            each.mkdir(parents=True, exist_ok=True)
        for path in self._unpacked.iterdir():
            if path.name.endswith(".part"):
                shutil.rmtree(path, ignore_errors=True)

    def get(self, revision: str, archive: Path, file: str | None = None) -> Package:
        """Returns the package of a revision, and unpacks it first if that is needed.

        Args:
            revision: The id of the revision.
            archive: The zip archive.
            file: The name of the file with the code, if it isn't the usual one.

        Raises:
            UnusableError: The archive can't be unpacked.
        """
        folder = self._unpacked / revision
        with self._lock:
            lock = self._locks.setdefault(revision, threading.Lock())
        with lock:
            if not folder.exists():
                unfinished = self._unpacked / f"{revision}.part"
                try:
                    unpack(archive, unfinished)
                    unfinished.rename(folder)
                finally:
                    shutil.rmtree(unfinished, ignore_errors=True)
        names = [
            os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, "/")
            for parent, _, names in os.walk(folder)
            for name in names
        ]
        found = folder / find_code(names, "python", "the zip archive", code_file=file)
        return Package(found.parent, found.name)

    def working_copy(self, package: Package) -> Path:
        """Returns a new copy of a package for a process to work in.

        Code may write into its folder; neither other processes nor later ones see that.
        Large files are links to the same content: copying models would take too long.
        """
        copy = self._work / str(uuid.uuid4())
        shutil.copytree(package.folder, copy / "package", copy_function=_copy_or_link)
        (copy / "requests").mkdir()
        return copy

    def discard(self, copy: Path) -> None:
        """Removes a working copy."""
        shutil.rmtree(copy, ignore_errors=True)

    def keep_only(self, revisions: set[str]) -> None:
        """Removes the packages of all other revisions."""
        for path in self._unpacked.iterdir():
            if path.name not in revisions and not path.name.endswith(".part"):
                shutil.rmtree(path, ignore_errors=True)


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks an untrusted archive into a new folder.

    Links and special files are left out, and nothing is written outside of the folder.

    Raises:
        UnusableError: The archive can't be unpacked: it is damaged or too large, or its
            names contradict each other.
    """
    folder.mkdir(parents=True)
    with open_archive(archive) as files:
        free = shutil.disk_usage(folder).free - _RESERVE
        if files.unpacked_size() > free:
            raise UnusableError(
                f"unpacked, the package takes {readable(files.unpacked_size())}, and there is too little space left"
            )
        for name, mode in _regular(files):
            path = folder.joinpath(*(part for part in name.split("/") if part not in ("", ".")))
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as file:
                    for block in files.blocks(name):
                        file.write(block)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise UnusableError(f"the zip archive has a file and a folder with the name of {name!r}") from error
            except (OSError, ValueError) as error:
                raise UnusableError(f"{name!r:.200} can't be written: {error}") from error
            path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _regular(files: ZipFiles) -> Iterator[tuple[str, int]]:
    for name, mode in files.modes():
        if stat.S_IFMT(mode) in (0, stat.S_IFREG):
            yield name, mode


def _copy_or_link(source: str, target: str) -> object:
    if os.path.getsize(source) > _LINKED:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return target
    return shutil.copy2(source, target)


def requirements_of(archive: Path, file: str | None = None) -> bool:
    """Returns whether a package asks for other packages to be installed.

    Raises:
        UnusableError: The archive can't be read.
    """
    from ubiops._packages.limits import MAXIMUM_REQUIREMENTS_SIZE

    with open_archive(archive) as files:
        code = find_code(files.names, "python", files.place, code_file=file)
        name = f"{code.rpartition('/')[0]}/{REQUIREMENTS}".lstrip("/")
        return name in files.names and has_requirements(
            files.read(name, MAXIMUM_REQUIREMENTS_SIZE).decode("utf-8-sig", "replace")
        )


def has_requirements(text: str | None) -> bool:
    """Returns whether a requirements.txt has more than blank lines and comments."""
    return any(line.strip() and not line.strip().startswith("#") for line in (text or "").splitlines())
