"""Lists the files of a folder that are packed."""

from __future__ import annotations

import os
import stat
import sys
import unicodedata
from typing import NamedTuple

from ubiops._packages.errors import PackageError, PackageNotADirectoryError
from ubiops._packages.ignore import IgnoreRules, is_environment
from ubiops._packages.limits import LARGE_FILE, MAXIMUM_ENTRIES, MAXIMUM_PACKAGE, readable

_SECRETS = (".env", ".netrc", ".pypirc", "id_rsa", "id_ed25519", "id_ecdsa")


class Item(NamedTuple):
    """A file that goes into a package."""

    name: str
    """Its path in the folder, with ``/`` between names."""
    path: str
    size: int
    modified: int
    """When it was last modified, in nanoseconds."""


class Note(NamedTuple):
    """A remark about a file."""

    name: str
    message: str
    is_left_out: bool = False
    """Whether the file is left out although no rule says so."""


class Listing(NamedTuple):
    """The files for a package, sorted by name, and remarks about them."""

    items: list[Item]
    notes: list[Note]


def check_folder(root: str) -> None:
    """Rejects a path that is not a folder."""
    if not os.path.isdir(root):
        raise PackageNotADirectoryError(f"{os.path.abspath(root)} is not a folder")


def list_folder(root: str, rules: IgnoreRules, *, everything: bool, leave_out: str | None = None) -> Listing:
    """Returns the files of a folder that are packed.

    Args:
        root: The folder.
        rules: What to leave out.
        everything: Whether to do as the official client does: it leaves out links to
            folders, where this one follows them.
        leave_out: The path of a file to leave out, such as the package itself.

    Raises:
        PackageError: A file or folder can't be read, a link is broken, or there are too
            many files.
    """
    check_folder(root)
    return _Walk(root, rules, everything, leave_out).run()


class _Folder(NamedTuple):
    """A folder that is still to be read."""

    path: str
    prefix: str
    ancestors: frozenset[tuple[int, int]]
    """The identities of the folders that it lies in, and its own."""
    in_environment: bool


class _Walk:
    """One pass through a folder."""

    def __init__(self, root: str, rules: IgnoreRules, everything: bool, leave_out: str | None) -> None:
        self._rules = rules
        self._everything = everything
        self._leave_out = os.path.realpath(leave_out) if leave_out else None
        self._top = os.path.join(os.path.normcase(os.path.realpath(root)), "")
        self._items: list[Item] = []
        self._notes: list[Note] = []
        status = os.stat(root)
        self._pending = [_Folder(root, "", frozenset([(status.st_dev, status.st_ino)]), False)]

    def run(self) -> Listing:
        while self._pending:
            folder = self._pending.pop()
            try:
                with os.scandir(folder.path) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                raise _unreadable(folder.prefix or folder.path, error) from None
            for entry in found:
                self._look_at(entry, folder)
        self._items.sort()
        self._check_names()
        self._check_sizes()
        return Listing(self._items, sorted(self._notes))

    def _look_at(self, entry: os.DirEntry[str], folder: _Folder) -> None:
        name = folder.prefix + _portable(entry.name)
        if self._is_left_out(entry, name, folder):
            return
        try:
            status = os.stat(entry.path)
        except OSError as error:
            if entry.is_symlink():
                target = os.readlink(entry.path)
                raise PackageError(f"{name} is a broken link to {target!r}: {error.strerror}") from None
            raise _unreadable(name, error) from None
        if stat.S_ISDIR(status.st_mode):
            self._enter(entry, name, status, folder)
        elif stat.S_ISREG(status.st_mode):
            self._add(entry, name, status)
        else:
            self._notes.append(Note(name, "it is left out: it is not a regular file", True))

    def _is_left_out(self, entry: os.DirEntry[str], name: str, folder: _Folder) -> bool:
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if not is_folder:
            return self._rules.reason(name, folder.in_environment) is not None
        # !folder/file may bring back a file of a folder that is left out.
        return not self._rules.brings_back and self._rules.reason(name + "/", folder.in_environment) is not None

    def _enter(self, entry: os.DirEntry[str], name: str, status: os.stat_result, folder: _Folder) -> None:
        identity = (status.st_dev, status.st_ino)
        if entry.is_symlink():
            if self._everything:
                self._notes.append(Note(name, "it is left out: it is a link to a folder", True))
                return
            self._note_outside(entry, name)
        if identity in folder.ancestors:
            self._notes.append(Note(name, "it is left out: it is a link to a folder that it lies in", True))
            return
        in_environment = folder.in_environment or (not self._everything and is_environment(entry.path))
        if in_environment and not self._rules.brings_back:
            return
        self._pending.append(_Folder(entry.path, name + "/", folder.ancestors | {identity}, in_environment))

    def _add(self, entry: os.DirEntry[str], name: str, status: os.stat_result) -> None:
        if self._leave_out and os.path.realpath(entry.path) == self._leave_out:
            return
        if entry.is_symlink():
            self._note_outside(entry, name)
        if not os.access(entry.path, os.R_OK):
            raise PackageError(f"{name} can't be read: Permission denied")
        if status.st_size >= LARGE_FILE:
            self._notes.append(Note(name, f"it is a very large file: {readable(status.st_size)}"))
        if entry.name in _SECRETS:
            self._notes.append(Note(name, "it usually holds secrets; everyone who downloads the package can read it"))
        self._items.append(Item(name, entry.path, status.st_size, status.st_mtime_ns))
        if len(self._items) > MAXIMUM_ENTRIES:
            raise PackageError(f"the folder has more than {MAXIMUM_ENTRIES} files; is it the right one?")

    def _note_outside(self, entry: os.DirEntry[str], name: str) -> None:
        target = os.path.realpath(entry.path)
        if not os.path.join(os.path.normcase(target), "").startswith(self._top):
            self._notes.append(Note(name, f"it is a link out of the folder, and what it leads to is packed: {target}"))

    def _check_names(self) -> None:
        previous = ""
        for item in self._items:
            try:
                encoded = item.name.encode()
            except UnicodeEncodeError:
                raise PackageError(f"a file's name is not valid Unicode: {os.fsencode(item.name)!r}") from None
            if len(encoded) > 0xF000:
                raise PackageError(f"the path of a file is too long for a zip archive: {item.name[:100]}...")
            if item.name == previous:
                raise PackageError(f"two files have the same name once Unicode is normalized: {item.name}")
            previous = item.name

    def _check_sizes(self) -> None:
        total = sum(item.size for item in self._items)
        if total > MAXIMUM_PACKAGE:
            maximum = readable(MAXIMUM_PACKAGE)
            self._notes.append(
                Note("", f"the files take {readable(total)}; the platform accepts packages up to {maximum}")
            )


def _portable(name: str) -> str:
    """Returns a file's name as Linux has it; macOS may split accents off letters."""
    return unicodedata.normalize("NFC", name) if sys.platform == "darwin" else name


def _unreadable(name: str, error: OSError) -> PackageError:
    return PackageError(f"{name} can't be read: {error.strerror}")
