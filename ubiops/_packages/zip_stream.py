"""Writes a zip archive as a stream of blocks: compressed, and always the same bytes.

Names are sorted, times and modes are fixed, and nothing depends on Python's version or
the system; only another implementation of zlib may compress differently.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops._packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ubiops._packages.listing import Item

_BLOCK = 1 << 18
_SMALL = 1 << 20
"""Files up to this size are compressed in memory, and stored if that saves nothing."""
_LEVEL = 6
_INCOMPRESSIBLE = 0.95
"""The ratio above which compressing a large file is not worth the time."""

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_DESCRIPTOR = struct.Struct("<4s3L")
_DESCRIPTOR_64 = struct.Struct("<4sL2Q")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")

_RUN = struct.Struct("<B2H")
_LONGEST_RUN = 0xFFFF

_STORED, _DEFLATED = 0, 8
_SIZES_FOLLOW, _UTF_8 = 0x8, 0x800
_TIME, _DATE = 0, 1 << 5 | 1  # midnight of January 1st, 1980: the first day that a zip archive can express
# Executable, because not every system records whether a file is.
_MODE = (stat.S_IFREG | 0o755) << 16
_ON_UNIX = 3 << 8
_VERSION, _VERSION_64 = 20, 45
_LARGE = 0xFFFFFFFF
_MANY = 0xFFFF
_SURELY_BELOW_LARGE = 0xF0000000


class _Entry(NamedTuple):
    """The entry of a file in the table of contents."""

    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


def zip_blocks(items: Iterable[Item], prefix: str = "") -> Iterator[bytes]:
    """Yields the bytes of a zip archive with these files.

    Args:
        items: The files, in the order in which they are written.
        prefix: What to put before their names: nothing, or a folder with ``/`` at its
            end.

    Raises:
        PackageError: A file has vanished, can't be read, or changes while it is packed.
    """
    entries: list[_Entry] = []
    pending = bytearray()
    sent = 0
    for item in items:
        for block in _file(item, prefix, sent + len(pending), entries):
            pending += block
            if len(pending) >= _BLOCK:
                sent += len(pending)
                yield bytes(pending)
                pending.clear()
    for block in _directory(entries, sent + len(pending)):
        pending += block
        if len(pending) >= _BLOCK:
            yield bytes(pending)
            pending.clear()
    yield bytes(pending)


def _file(item: Item, prefix: str, offset: int, entries: list[_Entry]) -> Iterator[bytes]:
    text = prefix + item.name
    name = text.encode()
    flags = 0 if text.isascii() else _UTF_8
    blocks = _read(item)
    if item.size <= _SMALL:
        yield from _small(b"".join(blocks), _Entry(name, flags, _DEFLATED, 0, 0, item.size, offset), entries)
    else:
        yield from _large(blocks, _Entry(name, flags | _SIZES_FOLLOW, _DEFLATED, 0, 0, item.size, offset), entries)


def _small(content: bytes, entry: _Entry, entries: list[_Entry]) -> Iterator[bytes]:
    compressor = _compressor()
    packed = compressor.compress(content) + compressor.flush()
    method = _DEFLATED
    if len(packed) >= len(content):
        packed, method = content, _STORED
    entry = entry._replace(method=method, checksum=zlib.crc32(content), packed=len(packed))
    yield _local_header(entry, _VERSION, entry.packed, entry.size) + entry.name
    yield packed
    entries.append(entry)


def _large(blocks: Iterator[bytes], entry: _Entry, entries: list[_Entry]) -> Iterator[bytes]:
    needs_64 = entry.size >= _SURELY_BELOW_LARGE
    if needs_64:
        extra = struct.pack("<2H2Q", 1, 16, 0, 0)
        yield _local_header(entry, _VERSION_64, _LARGE, _LARGE, len(extra)) + entry.name + extra
    else:
        yield _local_header(entry, _VERSION, 0, 0) + entry.name
    checksum = packed_size = 0
    compressor: Any = None
    for block in blocks:
        if compressor is None:
            compressor = _compressor() if _is_compressible(block) else _Uncompressed()
        checksum = zlib.crc32(block, checksum)
        packed = compressor.compress(block)
        packed_size += len(packed)
        yield packed
    packed = compressor.flush() if compressor else b""
    packed_size += len(packed)
    yield packed
    descriptor = _DESCRIPTOR_64 if needs_64 else _DESCRIPTOR
    yield descriptor.pack(b"PK\7\10", checksum, packed_size, entry.size)
    entries.append(entry._replace(checksum=checksum, packed=packed_size))


def _compressor() -> Any:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)


def _is_compressible(block: bytes) -> bool:
    """Returns whether compressing a file that starts like this is worth the time."""
    return len(zlib.compress(block, 1)) <= _INCOMPRESSIBLE * len(block)


class _Uncompressed:
    """Wraps data in the format of compressed data without compressing it.

    zlib does the same with level 0, but divides the data as its buffers happen to be.
    """

    def compress(self, block: bytes) -> bytes:
        wrapped = bytearray()
        for start in range(0, len(block), _LONGEST_RUN):
            run = block[start : start + _LONGEST_RUN]
            wrapped += _RUN.pack(0, len(run), len(run) ^ 0xFFFF)
            wrapped += run
        return bytes(wrapped)

    def flush(self) -> bytes:
        return _RUN.pack(1, 0, 0xFFFF)


def _local_header(entry: _Entry, version: int, packed: int, size: int, extra: int = 0) -> bytes:
    return _LOCAL.pack(
        b"PK\3\4",
        version,
        entry.flags,
        entry.method,
        _TIME,
        _DATE,
        entry.checksum,
        packed,
        size,
        len(entry.name),
        extra,
    )


def _directory(entries: list[_Entry], start: int) -> Iterator[bytes]:
    """Yields the table of contents, which starts at this offset."""
    size = 0
    for entry in entries:
        block = _central_header(entry)
        size += len(block)
        yield block
    count = len(entries)
    if count >= _MANY or size >= _LARGE or start >= _LARGE:
        yield _END_64.pack(
            b"PK\6\6", 44, _ON_UNIX | _VERSION_64, _VERSION_64, 0, 0, count, count, size, start
        ) + _LOCATOR_64.pack(b"PK\6\7", 0, start + size, 1)
    count = min(count, _MANY)
    yield _END.pack(b"PK\5\6", 0, 0, count, count, min(size, _LARGE), min(start, _LARGE), 0)


def _central_header(entry: _Entry) -> bytes:
    wide = [value for value in (entry.size, entry.packed, entry.offset) if value >= _LARGE]
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = _VERSION_64 if wide or entry.size >= _SURELY_BELOW_LARGE else _VERSION
    header = _CENTRAL.pack(
        b"PK\1\2",
        _ON_UNIX | version,
        version,
        entry.flags,
        entry.method,
        _TIME,
        _DATE,
        entry.checksum,
        min(entry.packed, _LARGE),
        min(entry.size, _LARGE),
        len(entry.name),
        len(extra),
        0,
        0,
        0,
        _MODE,
        min(entry.offset, _LARGE),
    )
    return header + entry.name + extra


def _read(item: Item) -> Iterator[bytes]:
    """Yields the content of a file, which must not change from listing to end."""
    try:
        with open(item.path, "rb", buffering=0) as file:
            _check_unchanged(item, file.fileno())
            left = item.size
            while left > 0:
                block = file.read(min(_BLOCK, left))
                if not block:
                    raise _changed(item)
                left -= len(block)
                yield block
            _check_unchanged(item, file.fileno())
    except FileNotFoundError:
        raise PackageError(f"{item.name} vanished while the folder was being packed") from None
    except OSError as error:
        raise PackageError(f"{item.name} can't be read: {error.strerror or error}") from None


def _check_unchanged(item: Item, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if (status.st_size, status.st_mtime_ns) != (item.size, item.modified):
        raise _changed(item)


def _changed(item: Item) -> PackageError:
    return PackageError(f"{item.name} changed while the folder was being packed")
