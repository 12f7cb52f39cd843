"""Reads an untrusted zip archive within bounds of time and memory."""

from __future__ import annotations

import contextlib
import itertools
import re
import stat
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from ubiops._packages.errors import UnusableError
from ubiops._packages.limits import MAXIMUM_ENTRIES, readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAXIMUM_DIRECTORY_SIZE = 64 * 1024**2
MAXIMUM_UNPACKED_SIZE = 64 * 1024**3
_MAXIMUM_DICTIONARY = 64 * 1024**2
_BLOCK = 1 << 16
_UNPACKED_BLOCK = 1 << 20
# To the root or to the folder above, by the separators and drives of any system.
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.($|[/\\])")

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_LZMA_HEADER = struct.Struct("<2xHBL")
_ENCRYPTED = 0x1
# The system of an archiver that stores Unix modes.
_UNIX = 3


class ZipFiles:
    """The files in a zip archive that is open."""

    place = "the zip archive"

    def __init__(self, file: IO[bytes], archive: zipfile.ZipFile) -> None:
        self._file = file
        entries = archive.infolist()
        _check_entries(entries)
        self._entries = {_plain(entry.filename): entry for entry in entries if not entry.is_dir()}
        self.names = list(self._entries)
        """The names of the files, in the order of the archive."""
        counted: dict[str, int] = {}
        for name in (_plain(entry.filename) for entry in entries):
            counted[name] = counted.get(name, 0) + 1
        self.duplicates = [name for name, count in counted.items() if count > 1]
        """Names that occur more than once; only the last file of each can be read."""

    def unpacked_size(self) -> int:
        """Returns the size of all files together, as the archive states it."""
        return sum(entry.file_size for entry in self._entries.values())

    def read(self, name: str, limit: int) -> bytes:
        """Returns the content of a file.

        The sizes that an archive states may be wrong, so at most ``limit`` bytes are
        unpacked, whatever they are.

        Raises:
            UnusableError: The file is larger than the limit, encrypted, damaged, or
                compressed in an unsupported way.
        """
        entry = self._entries[name]
        if entry.flag_bits & _ENCRYPTED:
            raise UnusableError(f"{name} is encrypted")
        try:
            content = _unpack(entry, self._compressed(entry), limit)
        except (zlib.error, OSError, EOFError, ValueError, struct.error) as error:
            raise UnusableError(f"the zip archive is damaged: {name} can't be unpacked: {error}") from error
        if zlib.crc32(content) != entry.CRC:
            raise UnusableError(f"the zip archive is damaged: the checksum of {name} is wrong")
        return content

    def modes(self) -> Iterator[tuple[str, int]]:
        """Yields each file with its Unix mode, which is 0 if it has none."""
        for name, entry in self._entries.items():
            yield name, entry.external_attr >> 16 if entry.create_system == _UNIX else 0

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yields the content of a file block by block, whatever its size.

        Raises:
            UnusableError: The file is larger than the archive states, encrypted,
                damaged, or compressed in an unsupported way.
        """
        entry = self._entries[name]
        if entry.flag_bits & _ENCRYPTED:
            raise UnusableError(f"{name} is encrypted")
        size = checksum = 0
        try:
            for piece in _pieces(entry, self._compressed(entry), _UNPACKED_BLOCK):
                size += len(piece)
                if size > entry.file_size:
                    raise UnusableError(f"the zip archive is damaged: {name} is larger than it states")
                checksum = zlib.crc32(piece, checksum)
                yield piece
        except (zlib.error, OSError, EOFError, ValueError, struct.error) as error:
            raise UnusableError(f"the zip archive is damaged: {name} can't be unpacked: {error}") from error
        if checksum != entry.CRC:
            raise UnusableError(f"the zip archive is damaged: the checksum of {name} is wrong")

    def _compressed(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yields the bytes of an entry as they are in the archive."""
        self._file.seek(entry.header_offset)
        header = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        if header[0] != b"PK\3\4":
            raise ValueError("its header is missing")
        self._file.seek(header[9] + header[10], 1)
        left = entry.compress_size
        while left > 0:
            block = self._file.read(min(_BLOCK, left))
            if not block:
                raise EOFError("it is cut off")
            left -= len(block)
            yield block


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[ZipFiles]:
    """Opens an archive for inspection.

    Raises:
        UnusableError: It is not a zip archive, is damaged, exceeds a bound, or has
            names that lead out of its folder.
    """
    with path.open("rb") as file:
        _check_end(file)
        try:
            archive = zipfile.ZipFile(_BoundedFile(file))
        except zipfile.BadZipFile as error:
            raise UnusableError(f"the file is not a zip archive, or is damaged: {error}") from error
        except (NotImplementedError, RuntimeError, UnicodeError, ValueError, EOFError, OSError, struct.error) as error:
            # Raised for features that zipfile lacks, and for contradictions.
            raise UnusableError(f"the zip archive can't be read: {error}") from error
        with archive:
            yield ZipFiles(file, archive)


class _BoundedFile:
    """A file that does not return a huge table of contents in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAXIMUM_DIRECTORY_SIZE:
            raise _too_many_entries()
        content = self._file.read(size)
        if content.count(b"PK\1\2") > MAXIMUM_ENTRIES:
            raise _too_many_entries()
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _too_many_entries() -> UnusableError:
    return UnusableError(f"the zip archive has too many entries; at most {MAXIMUM_ENTRIES} are allowed")


def _check_end(file: IO[bytes]) -> None:
    """Rejects a file without a table of contents at its end, or with a huge one."""
    size = file.seek(0, 2)
    if size == 0:
        raise UnusableError("the file is not a zip archive: it is empty")
    start = max(0, size - 65535 - _END.size - 20 - _END_64.size)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise UnusableError("the file is not a zip archive, or its end is missing")
    entries, directory = _END.unpack_from(tail, at)[4:6]
    at_64 = tail.rfind(b"PK\6\6", 0, at)
    if directory == 0xFFFFFFFF and at_64 >= 0 and at - at_64 >= _END_64.size:
        entries, directory = _END_64.unpack_from(tail, at_64)[7:9]
    if directory > MAXIMUM_DIRECTORY_SIZE or entries > MAXIMUM_ENTRIES:
        raise _too_many_entries()


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Rejects what would fill the disk or leave its folder when it is unpacked."""
    if len(entries) > MAXIMUM_ENTRIES:
        raise _too_many_entries()
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAXIMUM_UNPACKED_SIZE:
        raise UnusableError(
            f"unpacked, the zip archive would take {readable(unpacked)};"
            f" at most {readable(MAXIMUM_UNPACKED_SIZE)} are allowed"
        )
    for entry in entries:
        if not entry.filename:
            raise UnusableError("the zip archive has an entry without a name")
        if _LEADS_OUT.search(entry.filename):
            raise UnusableError(f"the zip archive has an entry that leads out of its folder: {entry.filename!r}")
        if entry.create_system == _UNIX and stat.S_ISLNK(entry.external_attr >> 16):
            raise UnusableError(f"the zip archive has an entry that is a link: {entry.filename!r}")


def _plain(name: str) -> str:
    """Returns a name without a folder that stands for the present one."""
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def _unpack(entry: zipfile.ZipInfo, blocks: Iterator[bytes], limit: int) -> bytes:
    """Returns the unpacked bytes of an entry; no more than the limit is ever held."""
    content = bytearray()
    for piece in _pieces(entry, blocks, limit):
        content += piece
        if len(content) > limit:
            raise UnusableError(f"{entry.filename} is larger than {readable(limit)}")
    return bytes(content)


def _pieces(entry: zipfile.ZipInfo, blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    method = entry.compress_type
    if method == zipfile.ZIP_STORED:
        yield from blocks
    elif method == zipfile.ZIP_DEFLATED:
        # Unlike the other decompressors, this one keeps unread input separately.
        deflate = zlib.decompressobj(-zlib.MAX_WBITS)
        for block in blocks:
            while block and not deflate.eof:
                yield deflate.decompress(block, limit + 1)
                block = deflate.unconsumed_tail
        if not deflate.eof:
            raise EOFError("it is cut off")
    elif method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        try:
            decompressor, rest = _lzma(blocks) if method == zipfile.ZIP_LZMA else _bzip2(blocks)
        except ImportError:
            raise UnusableError(f"{entry.filename} is compressed in a way that this Python can't read") from None
        yield from _decompressed(decompressor, rest, limit)
    else:
        raise UnusableError(
            f"{entry.filename} is compressed with method {method}, which is not supported", "use deflate"
        )


def _decompressed(decompressor: Any, blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    for block in blocks:
        if decompressor.eof:
            return
        try:
            yield decompressor.decompress(block, limit + 1)
            while not decompressor.needs_input and not decompressor.eof:
                yield decompressor.decompress(b"", limit + 1)
        except Exception as error:
            # LZMAError can't be named without importing lzma, which some Pythons lack.
            raise ValueError(str(error)) from error
    # LZMA data may end without a mark; the checksum shows whether all is there.


def _bzip2(blocks: Iterator[bytes]) -> tuple[Any, Iterator[bytes]]:
    import bz2

    return bz2.BZ2Decompressor(), blocks


def _lzma(blocks: Iterator[bytes]) -> tuple[Any, Iterator[bytes]]:
    """Returns a decompressor, set up by what precedes the data, and the data."""
    import lzma

    head = b""
    while len(head) < _LZMA_HEADER.size:
        head += next(blocks, b"") or _cut_off()
    length, properties, dictionary = _LZMA_HEADER.unpack_from(head)
    if length != 5 or properties >= 225:
        raise ValueError("its LZMA properties are not valid")
    if dictionary > _MAXIMUM_DICTIONARY:
        raise ValueError(f"its LZMA dictionary takes {dictionary // 1024**2} MB of memory")
    chosen = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": dictionary,
        "lc": properties % 9,
        "lp": properties // 9 % 5,
        "pb": properties // 45,
    }
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chosen])
    except lzma.LZMAError as error:
        raise ValueError(f"its LZMA properties are not valid: {error}") from error
    return decompressor, itertools.chain([head[_LZMA_HEADER.size :]], blocks)


def _cut_off() -> bytes:
    raise EOFError("it is cut off")
