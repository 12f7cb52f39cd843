"""Downloads: safe file names, and files that appear only when they are whole."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLUSH = 1 << 24
"""Bytes of a download that are written before the system is told to bring them to the disk."""
_LONGEST_NAME = 200
# Patterns that are compiled when a file's name first comes: most programs never download one.
# Names that Windows takes for devices, with any ending.
_DEVICES = r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\.|$)"
_WORD = r"[^\s\"(),/:;<=>?@\[\\\]{}]+"
_PARAMETER = rf';\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))'


def disposition_filename(header: str | None) -> str | None:
    """The file name that a header Content-Disposition gives, as it is; ``filename*`` goes before ``filename``."""
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
    # Some servers percent-encode the plain form too, which only a name that decodes cleanly tells.
    if re.search(r"%[0-9A-Fa-f]{2}", plain):
        with contextlib.suppress(UnicodeDecodeError):
            return unquote_to_bytes(plain).decode("utf-8")
    with contextlib.suppress(UnicodeError):
        # Headers are read as Latin-1; what was sent is mostly UTF-8.
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
    """A name from a server as one that can do no harm in a folder.

    It has no separators and no drive, is not hidden, names no device, and has a bounded length.
    """
    if not name:
        return default
    # Both kinds of separators and the colon of a drive, on every system: a folder may be shared between them.
    name = str(re.split(r"[/\\:]", name)[-1])
    name = "".join(c if c.isprintable() and c not in '<>"|?*' else "_" for c in name).strip(" .")
    if not name.strip("_ ."):
        return default
    if re.match(_DEVICES, name, re.IGNORECASE):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 20:
        stem, ending = name, ""
    while len(os.fsencode(stem)) + len(os.fsencode(ending)) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}.{ending}" if ending else stem


def save(blocks: Iterable[bytes], folder: str, name: str, *, overwrite: bool = False) -> str:
    """Saves a download under a name that is free: beside its goal first, in its place when it is whole and on the disk.

    Args:
        blocks: The bytes.
        folder: The folder, which has to exist.
        name: The name in it; a number is added when it is taken.
        overwrite: Whether to replace a file of that name.

    Returns:
        The path of the file.

    Raises:
        ubiops.ApiValueError: The folder does not exist or can't be written to.
        OSError: The disk is full, or fails.
    """
    part = os.path.join(folder, f".{os.urandom(8).hex()}.part")
    try:
        try:
            opened = open(part, "xb", buffering=0)  # noqa: SIM115 - it is closed below
        except OSError as error:
            raise ApiValueError(f"a download can't be saved in {folder or os.curdir!r}: {error.strerror}") from None
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
    """Writes blocks to the disk: what has come already goes there in the background, so that little is left to do."""
    advise = getattr(os, "posix_fadvise", None)
    begun = written = 0
    for block in blocks:
        _write(file, block)
        written += len(block)
        if advise is not None and written - begun >= _FLUSH:
            # That what has been written is not needed again makes the system begin to bring it to the disk.
            with contextlib.suppress(OSError):
                advise(file.fileno(), begun, written - begun, os.POSIX_FADV_DONTNEED)
            begun = written
    os.fsync(file.fileno())


def _write(file: Any, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def _place(part: str, folder: str, name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    for number in range(10_000):
        path = os.path.join(folder, f"{stem} ({number}){ending}" if number else name)
        try:
            # A link fails if the name is taken, even by one that was made this very moment.
            os.link(part, path)
        except FileExistsError:
            continue
        except OSError:
            # A file system without links: the name is claimed by an empty file instead, which is then replaced.
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
