"""A folder that is packed while it is being uploaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Optional

from ubiops._packages.errors import PackageError, as_text, warn
from ubiops._packages.ignore import IGNORE_FILENAME, IgnoreRules
from ubiops._packages.layout import CODE_FILES, PREFERRED_FOLDER
from ubiops._packages.listing import Item, Listing, list_folder
from ubiops._packages.zip_stream import zip_blocks
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator


class FolderSettings(NamedTuple):
    """A folder and the rules for its files."""

    path: str
    ignore_filename: Optional[str] = IGNORE_FILENAME  # noqa: UP045 - evaluated by NamedTuple on Python 3.9
    everything: bool = False

    def rules(self) -> IgnoreRules:
        """Returns what is left out; the ignore file is read each time."""
        return IgnoreRules(self.path, self.ignore_filename, self.everything)

    def list(self) -> Listing:
        """Returns the files that are packed.

        Raises:
            PackageError: There are none, or one can't be read.
        """
        listing = list_folder(self.path, self.rules(), everything=self.everything)
        if not listing.items:
            raise PackageError(f"the folder {self.path!r} has no files to pack")
        return listing

    def reason_left_out(self, name: str) -> str | None:
        """Returns why a file that exists is not packed; None if it doesn't exist."""
        if not os.path.isfile(os.path.join(self.path, *name.split("/"))):
            return None
        parts = name.split("/")
        rules = self.rules()
        for end in range(1, len(parts) + 1):
            part = "/".join(parts[:end]) + ("/" if end < len(parts) else "")
            reason = rules.reason(part)
            if reason is not None:
                return reason
        return None

    def has_unused_gitignore(self) -> bool:
        """Returns whether there is a .gitignore, but no ignore file that is applied."""
        if self.everything or self.ignore_filename != IGNORE_FILENAME:
            return False
        has_own = os.path.exists(os.path.join(self.path, IGNORE_FILENAME))
        return os.path.isfile(os.path.join(self.path, ".gitignore")) and not has_own


class PackageFolder:
    """A folder that is packed into a zip archive while it is being uploaded.

    Give it to ``revisions_file_upload`` as ``file``. The path of a folder does the same
    with the defaults below. The archive is compressed and reproducible: the same files
    give the same bytes, whatever their times and modes are. It is never held in memory
    or on disk as a whole.

    Args:
        path: The folder.
        ignore_filename: The file in the folder with patterns in gitignore syntax that
            says what to leave out. It need not exist; None for none. It needs pathspec:
            ``pip install 'ubiops[packages]'``.
        everything: Whether to pack what the official ``zip_dir`` packs: everything that
            the ignore file doesn't leave out. By default, ``.git``, ``__pycache__``,
            ``.venv``, ``node_modules`` and the like stay out too.
        package_directory: The folder in the archive that holds the files; an empty
            string for none. By default, ``deployment_package``, unless the folder
            itself holds one folder with the code.

    Raises:
        PackageError: The folder does not exist, is empty, holds broken links, or can't
            be read. It is an ``ApiValueError`` and, where that fits, a
            ``NotADirectoryError``.

    Warns:
        PackageWarning: Once for what is left out because it can't be packed, links out
            of the folder, very large files, and files that usually hold secrets.
    """

    size = None
    """The size of the archive; it isn't known before it is packed."""
    rewindable = True
    """Whether it can be packed a second time, for a retry."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        ignore_filename: str | os.PathLike[str] | None = IGNORE_FILENAME,
        everything: bool = False,
        package_directory: str | None = None,
    ) -> None:
        name = as_text(ignore_filename, "ignore_filename") if ignore_filename is not None else None
        self.settings = FolderSettings(as_text(path, "path"), name, bool(everything))
        """The folder, and how to choose what is packed of it."""
        self._directory = check_directory(package_directory) if package_directory is not None else None
        listing = self.settings.list()
        self.files = tuple(item.name for item in listing.items)
        """The names of the files that are packed, in the order of the archive."""
        self.filename = f"{os.path.basename(os.path.abspath(self.settings.path)) or 'package'}.zip"
        """The name of the archive."""
        for note in listing.notes:
            about = f"{note.name}: " if note.name else ""
            warn(f"{self.path}: {about}{note.message}")

    @property
    def path(self) -> str:
        """The path of the folder."""
        return self.settings.path

    def blocks(self) -> Iterator[bytes]:
        """Yields the archive, block by block. The folder is listed anew each time.

        Raises:
            PackageError: A file can't be read, vanishes or changes while it is packed.
        """
        prefix, items = self.contents()
        yield from zip_blocks(items, prefix)

    def contents(self) -> tuple[str, list[Item]]:
        """Returns the folder in the archive, with ``/`` at its end, and the files that
        are packed. The folder is listed anew each time.

        Raises:
            PackageError: There are none, or one can't be read.
        """
        items = self.settings.list().items
        return self._directory if self._directory is not None else _prefix_for(items), items

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}, files={len(self.files)})"


def _prefix_for(items: list[Item]) -> str:
    """Returns the usual folder for the files, or none if they are in one already."""
    codes = tuple(CODE_FILES.values())
    at_root = any(item.name in codes for item in items)
    in_folder = any(
        item.name.count("/") == 1 and item.name.endswith(tuple(f"/{name}" for name in codes)) for item in items
    )
    return "" if in_folder and not at_root else f"{PREFERRED_FOLDER}/"


def check_directory(name: object) -> str:
    """Returns a folder's name as the beginning of the names in an archive.

    Raises:
        ubiops.ApiTypeError: It is not a string.
        PackageError: It leads out of the archive.
    """
    if not isinstance(name, (str, os.PathLike)):
        raise ApiTypeError(f"package_directory must be a string, got {type(name).__name__}: {name!r:.80}")
    parts = [part for part in os.fspath(name).replace(os.sep, "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise PackageError(f"package_directory leads out of the archive: {name!r}")
    return "".join(f"{part}/" for part in parts)
