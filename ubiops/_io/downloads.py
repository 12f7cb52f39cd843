"""Downloads: safe file names, and files that appear only when they are complete."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ubiops.exceptions import ApiValueError, file_error

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLUSH = 1 << 24
"""Bytes written before writeback to the disk is started."""
_MAX_NAME = 200
"""Longest file name in bytes, without the number that makes it unique."""
# The patterns are compiled at their first use: most programs never download a file.
# Names that Windows reserves for devices, with any extension.
_DEVICES = r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\.|$)"
_WORD = r"[^\s\"(),/:;<=>?@\[\\\]{}]+"
_PARAMETER = rf';\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))'


def disposition_filename(header: str | None) -> str | None:
    """Returns the file name in a Content-Disposition header as it was sent;
    ``filename*`` takes precedence over ``filename``."""
    if not header:
        return None
    found: dict[str, str] = {}
    for name, quoted, token in re.findall(_PARAMETER, header):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else token.strip())
    extended = _decode_extended(found.get("filename*"))
    if extended:
        return extended
    plain = found.get("filename")
    if plain is None:
        return None
    # Some servers percent-encode the plain form too; then the name decodes cleanly.
    if re.search(r"%[0-9A-Fa-f]{2}", plain):
        with contextlib.suppress(UnicodeDecodeError):
            return unquote_to_bytes(plain).decode("utf-8")
    with contextlib.suppress(UnicodeError):
        # Headers are decoded as Latin-1, but most servers send UTF-8.
        return plain.encode("latin-1").decode("utf-8")
    return plain


def _decode_extended(value: str | None) -> str | None:
    if not value or value.count("'") < 2:
        return None
    charset, _, text = value.strip('"').split("'", 2)
    try:
        return unquote_to_bytes(text).decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return None


def safe_filename(name: str | None, default: str = "download.zip") -> str:
    """Returns a server's file name in a form that is safe in any folder.

    The result has no separators and no drive, is not hidden, is not the name of a
    device, and is limited in length.

    Args:
        name: The name that the server sent.
        default: The name to use if nothing is left of it.
    """
    if not name:
        return default
    # Both separators and the colon of a drive, on every system: folders can be shared
    # between systems.
    name = str(re.split(r"[/\\:]", name)[-1])
    name = "".join(c if c.isprintable() and c not in '<>"|?*' else "_" for c in name).strip(" .")
    if not name.strip("_ ."):
        return default
    if re.match(_DEVICES, name, re.IGNORECASE):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        stem, extension = name, ""
    while len(os.fsencode(stem)) + len(os.fsencode(extension)) > _MAX_NAME:
        stem = stem[:-1]
    return f"{stem}.{extension}" if extension else stem


def save(blocks: Iterable[bytes], folder: str, name: str, *, overwrite: bool = False) -> str:
    """Writes a download to a temporary file, then moves it to a free name.

    Args:
        blocks: The bytes. A block is not used any more when the next one is requested.
        folder: The folder, which must exist.
        name: The name in the folder; a number is added if it is taken.
        overwrite: Whether to replace an existing file instead.

    Returns:
        The path of the file.

    Raises:
        ubiops.ApiFileError: The folder does not exist or is not writable.
        OSError: The disk is full or fails.
    """
    __tracebackhide__ = True
    part = os.path.join(folder, f".{os.urandom(8).hex()}.part")
    try:
        try:
            opened = open(part, "xb", buffering=0)  # noqa: SIM115 - it is closed below
        except OSError as error:
            raise file_error(f"a download can't be saved in {folder or os.curdir!r}: {error.strerror}", error) from None
        with opened as file:
            _write_through(blocks, file)
        path = os.path.join(folder, name)
        if overwrite:
            os.replace(part, path)
            return path
        return _place(part, folder, name)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def _write_through(blocks: Iterable[bytes], file: Any) -> None:
    """Writes blocks to the disk, mostly in the background while others arrive.

    fsync then has little left to do.
    """
    advise = getattr(os, "posix_fadvise", None)
    started = written = 0
    for block in blocks:
        _write(file, block)
        written += len(block)
        if advise is not None and written - started >= _FLUSH:
            # Advice that these pages are not needed again makes Linux start their
            # writeback.
            with contextlib.suppress(OSError):
                advise(file.fileno(), started, written - started, os.POSIX_FADV_DONTNEED)
            started = written
    os.fsync(file.fileno())


def _write(file: Any, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def _place(part: str, folder: str, name: str) -> str:
    """Moves a complete file to a name that no other file has, and returns its path."""
    stem, dot, extension = name.rpartition(".")
    stem, extension = (stem, dot + extension) if stem else (name, "")
    for number in range(10_000):
        path = os.path.join(folder, f"{stem} ({number}){extension}" if number else name)
        try:
            # Creating a link is atomic: it fails if the name is taken, even since a
            # moment ago.
            os.link(part, path)
        except FileExistsError:
            continue
        except OSError:
            # The file system has no links: an empty file claims the name and is
            # replaced.
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                continue
            try:
                os.replace(part, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(path)
                raise
            return path
        os.unlink(part)
        return path
    raise ApiValueError(f"there are too many files named like {name!r} in {folder!r}")
