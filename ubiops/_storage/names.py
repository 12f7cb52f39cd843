"""Names of files: in buckets from local paths, and the other way round, safely."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ubiops._io.downloads import _DEVICES
from ubiops._storage.partial import LEFTOVER
from ubiops._storage.sources import LocalFile, path_of
from ubiops.exceptions import ApiTypeError, ApiValueError, file_error

if TYPE_CHECKING:
    from collections.abc import Iterator

_WINDOWS = os.name == "nt"


def with_slash(prefix: Any, argument: str) -> str:
    """Returns a prefix that ends with a slash; empty without one.

    Raises:
        ubiops.ApiTypeError: It is not a string.
    """
    if prefix is None or prefix == "":
        return ""
    if not isinstance(prefix, str):
        raise ApiTypeError(f"{argument} must be a string, got {type(prefix).__name__}")
    return prefix if prefix.endswith("/") else f"{prefix}/"


def files_to_upload(paths: Any, prefix: str) -> list[tuple[LocalFile, str]]:
    """Returns the files at paths, those in folders too, and their names in the bucket.

    Raises:
        ubiops.ApiTypeError: It is not a list of paths.
        ubiops.ApiFileError: A file or folder can't be read.
        ubiops.ApiValueError: Two files have the same name, or one is not regular.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    if not isinstance(paths, (list, tuple, set, frozenset)) and not hasattr(paths, "__iter__"):
        raise ApiTypeError(f"file_paths must be a list of paths, got {type(paths).__name__}")
    found: dict[str, LocalFile] = {}
    for value in paths:
        path = path_of(value, "file_paths")
        for one, name in _walk(path) if os.path.isdir(path) else [(path, os.path.basename(path))]:
            file = LocalFile(one, "file_paths")
            name = prefix + name
            if name in found:
                raise ApiValueError(f"{found[name].path!r} and {one!r} would both become {name!r} in the bucket")
            found[name] = file
    return [(file, name) for name, file in found.items()]


def _walk(folder: str) -> Iterator[tuple[str, str]]:
    """Yields the files in a folder with their names relative to it, in order.

    Links to folders are not followed. What incomplete transfers left is skipped.
    """

    def fail(error: OSError) -> None:
        raise file_error(f"file_paths can't be read from {error.filename!r}: {error.strerror}", error) from None

    for place, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        for file in sorted(files):
            if not LEFTOVER.fullmatch(file):
                path = os.path.join(place, file)
                yield path, os.path.relpath(path, folder).replace(os.sep, "/")


def safe_name(name: str) -> str:
    """Returns the last part of a name in a bucket as a name in a folder."""
    return _safe_part(re.split(r"[/\\]", name)[-1]) or "download"


def safe_path(folder: str, name: str) -> str:
    """Returns where to save a file below a folder, whatever its name in the bucket is.

    Folders of the name become folders; ``..`` and empty parts are left out. Characters
    that are not safe are replaced. The folders are created.

    Raises:
        ubiops.ApiValueError: The name leads out of the folder through a link, or
            nothing is left of it.
        ubiops.ApiFileError: A folder can't be created.
    """
    parts = [part for part in map(_safe_part, name.split("/")) if part]
    if not parts or name.endswith("/"):
        raise ApiValueError(f"{name!r:.200} can't be saved as a file")
    place = os.path.join(folder, *parts[:-1])
    try:
        root = os.path.realpath(folder)
        if os.path.commonpath([root, os.path.realpath(place)]) != root:
            raise ApiValueError(f"{name!r:.200} can't be saved in {folder!r}: a link leads out of that folder")
        os.makedirs(place, exist_ok=True)
    except OSError as error:
        raise file_error(f"{name!r:.200} can't be saved in {folder!r}: {error.strerror}", error) from None
    return os.path.join(place, parts[-1])


def _safe_part(part: str) -> str:
    """Returns a part of a name in a form that is safe as the name of a file; empty if
    it has no meaning of its own."""
    forbidden = '\\<>:"|?*' if _WINDOWS else "\\"
    part = "".join(c if c.isprintable() and c not in forbidden else "_" for c in part)
    if not part.strip(" ."):
        return ""
    if _WINDOWS:
        part = part.rstrip(" .")
        if re.match(_DEVICES, part, re.IGNORECASE):
            part = f"_{part}"
    return part
