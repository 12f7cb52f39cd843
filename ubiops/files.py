"""Files on their way out, as streamed multipart bodies, and on their way in, as downloads under safe names."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Union
from urllib.parse import unquote_to_bytes

from ubiops.exceptions import ApiRequestError, ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

FileValue = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO]
"""What may be given as a file: a path, the bytes themselves, or a file that is open for reading in binary mode."""

_UPLOAD_BLOCK = 1 << 18
"""Bytes of a file that are read and sent at a time."""


# --- upload -------------------------------------------------------------------------------------------------------


class FileSource:
    """A file to be sent: where its bytes come from, how many they are, and whether they can be read again.

    Args:
        value: A path, bytes, or a file that is open in binary mode, which is sent from where it stands.
        name: The name of the parameter, for the errors' text.

    Raises:
        ubiops.ApiTypeError: The value is none of these.
        ubiops.ApiValueError: There is no such file, it is a directory, or it can't be read.
    """

    def __init__(self, value: Any, name: str = "file") -> None:
        self._path: str | None = None
        self._data: Any = None
        self._open: Any = None
        self._start = 0
        self.size: int | None = None
        """Bytes; None when that is not known before they are read."""
        if isinstance(value, (str, os.PathLike)):
            self._from_path(value, name)
        elif isinstance(value, (bytes, bytearray, memoryview)):
            try:
                self._data = memoryview(value).cast("B")
            except (TypeError, ValueError) as error:
                raise ApiValueError(f"{name} can't be read: {error}") from None
            self.size, self.filename = len(self._data), name
        elif hasattr(value, "read"):
            self._from_open(value, name)
        else:
            raise ApiTypeError(
                f"{name} takes a path, bytes or a file opened in binary mode, got {type(value).__name__}: {value!r:.80}"
            )

    def _from_path(self, value: Any, name: str) -> None:
        path = os.fspath(value)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ApiValueError(f"{name} can't be read from {path!r}: {why}") from None
        if stat.S_ISDIR(status.st_mode):
            raise ApiValueError(f"{name} can't be read from {path!r}: it is a directory; give the path of a zip file")
        if not os.access(path, os.R_OK):
            raise ApiValueError(f"{name} can't be read from {path!r}: Permission denied")
        self._path = path
        self.filename = os.path.basename(path)
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None

    def _from_open(self, value: Any, name: str) -> None:
        if isinstance(value, io.TextIOBase) or (
            isinstance(getattr(value, "mode", ""), str) and "b" not in getattr(value, "mode", "b")
        ):
            raise ApiTypeError(
                f"{name} takes a file opened in binary mode (open it with 'rb'), got one opened for text"
            )
        if getattr(value, "closed", False):
            raise ApiValueError(f"{name} takes an open file, got one that is closed")
        if hasattr(value, "readable") and not value.readable():
            raise ApiValueError(f"{name} takes a file opened for reading, got one opened for writing only")
        self._open = value
        given = getattr(value, "name", None)
        if isinstance(given, (str, bytes, os.PathLike)):
            given = os.path.basename(os.fsdecode(given))
        self.filename = given if given and isinstance(given, str) else name
        try:
            self._start = value.tell()
            end = value.seek(0, os.SEEK_END)
            value.seek(self._start)
            self.size = max(0, (value.tell() if end is None else end) - self._start)
        except (AttributeError, OSError, ValueError):
            self.size = None  # a pipe or the like: read once, sent in chunks

    @property
    def rewindable(self) -> bool:
        """Whether the bytes can be read a second time."""
        return self._open is None or self.size is not None

    def blocks(self) -> Iterator[Any]:
        """The bytes, from the beginning, block by block.

        Raises:
            ubiops.ApiRequestError: The file can't be read, or has another size than it had.
        """
        if self._data is not None:
            for start in range(0, len(self._data), _UPLOAD_BLOCK):
                yield self._data[start : start + _UPLOAD_BLOCK]
            return
        with contextlib.ExitStack() as stack:
            try:
                if self._path is not None:
                    source = stack.enter_context(open(self._path, "rb", buffering=0))
                else:
                    source = self._open
                    if self.size is not None:
                        source.seek(self._start)
            except Exception as error:
                raise self._failed(error) from error
            yield from self._read(source)

    def _read(self, source: Any) -> Iterator[Any]:
        left = self.size
        while left is None or left > 0:
            block = self._take(source, _UPLOAD_BLOCK if left is None else min(_UPLOAD_BLOCK, left))
            if not block:
                if left:
                    raise self._changed(f"it ended {left} bytes early")
                return
            if left is not None:
                left -= len(block)
                if left < 0:
                    # What is more than was announced would be taken for another request.
                    raise self._changed("it has grown")
            yield block
        # A file that grows is noticed before the body is completed, so that the server gets no half of it as a whole.
        if self._take(source, 1):
            raise self._changed("it has grown")

    def _take(self, source: Any, amount: int) -> Any:
        try:
            block = source.read(amount)
        except Exception as error:
            # A stream may be anything, even an answer that comes over a network: its errors are none of the call's.
            raise self._failed(error) from error
        if not isinstance(block, (bytes, bytearray)):
            raise ApiRequestError(0, f"the file {self.filename!r} gives {type(block).__name__} instead of bytes")
        return block

    def _changed(self, how: str) -> ApiRequestError:
        return ApiRequestError(
            0,
            f"the file {self.filename!r} changed while it was being sent: {how} (it had {self.size} bytes)",
            hint="wait until it is complete, or send a copy of it",
        )

    def _failed(self, error: Exception) -> ApiRequestError:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        return ApiRequestError(0, f"the file {self.filename!r} can't be read: {why}")


def multipart_name(text: str) -> str:
    """A name or file name for a multipart header, escaped as the HTML standard has it for form data."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class MultipartBody:
    """A multipart/form-data body that is read from its files while it is being sent.

    Args:
        fields: The plain fields.
        files: The files by their names.
        progress: Called with the number of bytes of each block that goes out.
    """

    def __init__(
        self, fields: Mapping[str, str], files: Mapping[str, FileSource], progress: Callable[[int], Any] | None = None
    ) -> None:
        self._boundary = os.urandom(16).hex()
        self._files = files
        self.progress = progress
        self._heads: dict[str, bytes] = {}
        plain = "".join(self._head(name) + f"\r\n\r\n{value}\r\n" for name, value in fields.items())
        try:
            self._plain = plain.encode()
        except UnicodeEncodeError as error:
            raise ApiValueError(f"a field of the form holds text that is no valid Unicode ({error.reason})") from None
        for name, source in files.items():
            head = f'{self._head(name)}; filename="{multipart_name(source.filename)}"'
            self._heads[name] = f"{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
        self._end = f"--{self._boundary}--\r\n".encode()

    def _head(self, name: str) -> str:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{multipart_name(name)}"'

    @property
    def content_type(self) -> str:
        """The value of the header Content-Type."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def length(self) -> int | None:
        """Bytes of the whole body; None when a file's size is not known."""
        total = len(self._plain) + len(self._end)
        for name, source in self._files.items():
            if source.size is None:
                return None
            total += len(self._heads[name]) + source.size + 2
        return total

    @property
    def rewindable(self) -> bool:
        """Whether the body can be sent a second time."""
        return all(source.rewindable for source in self._files.values())

    def __iter__(self) -> Iterator[Any]:
        """The body from its beginning, block by block. Closing the iterator closes the files that it opened."""
        for block in self._blocks():
            yield block
            if self.progress is not None:
                self.progress(len(block))

    def _blocks(self) -> Iterator[Any]:
        if self._plain:
            yield self._plain
        for name, source in self._files.items():
            yield self._heads[name]
            yield from source.blocks()
            yield b"\r\n"
        yield self._end


# --- download -----------------------------------------------------------------------------------------------------

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
