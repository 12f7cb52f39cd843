"""The data folder: which folders may be one, and who may read it."""

from __future__ import annotations

import os
from pathlib import Path

from ubiops.emulator.core.errors import FolderError
from ubiops.emulator.core.files import stored_names
from ubiops.exceptions import ApiTypeError, ApiValueError

DATABASE = "emulator.sqlite3"
FILES = "files"


def open_folder(name: str | os.PathLike[str]) -> Path:
    """Creates a data folder, or checks that a present one can be used.

    Raises:
        FolderError: It can't.
        ApiTypeError: The name is not a path.
        ApiValueError: The name is empty.
    """
    if not isinstance(name, (str, os.PathLike)):
        raise ApiTypeError(f"data_dir must be a path, got {type(name).__name__}: {name!r:.80}")
    if not os.fspath(name):
        # It would be the current folder, and is more likely a variable that isn't set.
        raise ApiValueError("data_dir is empty: name a folder, or '.' for the current one")
    try:
        folder = Path(name).expanduser()
        # The folder holds secrets, so other users of this machine can't read it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        # In this order: another emulator that starts in this folder creates the
        # database before it keeps files.
        foreign = not all(map(_is_harmless, os.listdir(folder))) and not (folder / DATABASE).exists()
    except (OSError, RuntimeError) as error:
        raise FolderError(f"{os.fspath(name)} can't be used as a data folder: {error}") from error
    if foreign:
        raise FolderError(
            f"{os.fspath(name)} is not empty and holds no state of an emulator ({DATABASE}): choose an empty or a "
            "new folder"
        )
    return folder


def _is_harmless(name: str) -> bool:
    """Returns whether a folder may have this entry and still counts as empty.

    Such are .gitkeep and .DS_Store, and what a new file system contains.
    """
    return name.startswith(".") or name == "lost+found"


def check_unused(folder: Path) -> None:
    """Rejects a folder of files if they belong to a database that is gone or empty.

    Without the database, it is unknown which uploads are still in use.

    Raises:
        FolderError: There are files.
    """
    found = len(stored_names(folder))
    if found:
        raise FolderError(
            f"it is empty, but there are {found} uploaded files in {folder}: restore the database, or choose"
            " another folder"
        )
