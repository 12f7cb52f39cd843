"""Reads forms with files.

A file goes straight to disk, so memory use doesn't depend on its size.
"""

from __future__ import annotations

import hashlib
from email.message import Message
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool

from ubiops.emulator.core.context import UploadedFile
from ubiops.emulator.core.errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from ubiops.emulator.core.files import Files, Incoming

FILE_FIELD = "file"
DEFAULT_FILE_NAME = "deployment_package.zip"
MAXIMUM_FIELD_SIZE = 64 * 1024
MAXIMUM_PARTS = 100
MAXIMUM_PART_HEADERS = 16 * 1024
# Bytes of a form beside the file itself.
OVERHEAD = 1024 * 1024
# Bytes to collect before a thread writes them; the server delivers less at once.
_BLOCK = 1024 * 1024


class Form:
    """A form that is being read: its fields, and the file with its name.

    Close it at the end.
    """

    def __init__(self, boundary: str, files: Files, maximum_file_size: int) -> None:
        self.fields: dict[str, str] = {}
        self.file: UploadedFile | None = None
        self._files = files
        self._limit = maximum_file_size
        self._received = 0
        self._parts = 0
        self._complete = False
        # The part that is being read:
        self._header = bytearray()
        self._value = bytearray()
        self._headers: list[tuple[bytes, bytes]] = []
        self._headers_size = 0
        self._name = ""
        self._incoming: Incoming | None = None
        try:
            self._parser = MultipartParser(
                boundary.encode("latin-1"),
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_to_header,
                    "on_header_value": self._add_to_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_content,
                    "on_part_data": self._add_content,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except (FormParserError, UnicodeError) as error:
            raise bad_request(f"the form's boundary is invalid: {error}") from error

    def write(self, data: bytes) -> None:
        """Reads the next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise bad_request(f"the form is malformed: {error}") from error

    def finish(self) -> None:
        """Checks that the body ended with the form."""
        if not self._complete:
            raise bad_request("the form is incomplete: its end is missing")

    def close(self) -> None:
        """Removes the file unless it was kept."""
        incoming = self.file.incoming if self.file else self._incoming
        if incoming:
            incoming.close()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAXIMUM_PARTS:
            raise bad_request(f"the form has more than {MAXIMUM_PARTS} parts")
        self._headers = []
        self._headers_size = 0
        self._header.clear()
        self._value.clear()

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._value += data[start:end]

    def _count_header(self, size: int) -> None:
        self._headers_size += size
        if self._headers_size > MAXIMUM_PART_HEADERS:
            raise bad_request("the headers of a part of the form are too long")

    def _end_header(self) -> None:
        self._headers.append((bytes(self._header).lower(), bytes(self._value)))
        self._header.clear()
        self._value.clear()

    def _begin_content(self) -> None:
        disposition = dict(self._headers).get(b"content-disposition", b"").decode("utf-8", "replace")
        try:
            message = _parse("content-disposition", disposition)
            name = message.get_param("name", header="content-disposition")
            file_name = message.get_filename()
        except (ValueError, LookupError) as error:
            raise bad_request("the header of a part of the form is invalid") from error
        if message.get_content_disposition() != "form-data" or not isinstance(name, str):
            raise bad_request("a part of the form has no name")
        if name in self.fields or (name == FILE_FIELD and self.file):
            raise bad_request(f"the form contains {name} more than once")
        self._name = name
        if name == FILE_FIELD:
            self._received = 0
            self._incoming = self._files.create()
            self.file = UploadedFile(_safe_name(file_name), self._incoming)

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        if self._incoming is None:
            self._value += data[start:end]
            if len(self._value) > MAXIMUM_FIELD_SIZE:
                raise bad_request(f"{self._name} must have at most {MAXIMUM_FIELD_SIZE} bytes")
            return
        self._received += end - start
        if self._received > self._limit:
            raise too_large(self._limit)
        with memoryview(data) as view:
            self._incoming.file.write(view[start:end])

    def _end_part(self) -> None:
        if self._incoming is None:
            try:
                self.fields[self._name] = self._value.decode("utf-8")
            except UnicodeDecodeError as error:
                raise bad_request(f"{self._name} is not valid UTF-8") from error
            self._value.clear()
        self._incoming = None

    def _end(self) -> None:
        self._complete = True


async def receive(form: Form, body: AsyncIterator[bytes]) -> None:
    """Reads a form to its end. Parsing and writing happen in worker threads."""
    waiting: list[bytes] = []
    size = 0
    async for data in body:
        waiting.append(data)
        size += len(data)
        if size >= _BLOCK:
            await run_in_threadpool(form.write, b"".join(waiting))
            waiting, size = [], 0
    await run_in_threadpool(form.write, b"".join(waiting))
    form.finish()


async def receive_file(incoming: Incoming, body: AsyncIterator[bytes], limit: int) -> UploadedFile:
    """Writes a body to a file. Writing happens in worker threads.

    Raises:
        ApiError: The body is larger than the limit.
    """
    waiting: list[bytes] = []
    size = waiting_size = 0
    digest = hashlib.md5(usedforsecurity=False)

    def write(data: bytes) -> None:
        digest.update(data)
        incoming.file.write(data)

    async for data in body:
        waiting.append(data)
        size += len(data)
        waiting_size += len(data)
        if size > limit:
            raise too_large(limit)
        if waiting_size >= _BLOCK:
            await run_in_threadpool(write, b"".join(waiting))
            waiting, waiting_size = [], 0
    await run_in_threadpool(write, b"".join(waiting))
    return UploadedFile("", incoming, size, digest.digest())


def open_form(headers: Mapping[str, str], files: Files, maximum_file_size: int) -> Form:
    """Returns the form of a request with these headers.

    Raises:
        ApiError: The form can't be read, or is announced as too large.
    """
    try:
        boundary = _parse("content-type", headers.get("content-type", "")).get_boundary()
    except (ValueError, LookupError) as error:
        raise bad_request("the content type multipart/form-data has an invalid boundary") from error
    if not boundary:
        raise bad_request("the content type multipart/form-data has no boundary")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > maximum_file_size + OVERHEAD:
        raise too_large(maximum_file_size)
    return Form(boundary, files, maximum_file_size)


def too_large(limit: int) -> ApiError:
    """Returns the error for a file beyond the limit."""
    shown = f"{limit / 1024**3:g} GB" if limit >= 1024**3 else f"{limit:,} bytes"
    return ApiError(413, f"The deployment file is larger than {shown}")


def _parse(name: str, value: str) -> Message:
    """Parses a header with parameters by means of Python's mail parser."""
    message = Message()
    message[name] = value.replace("\r", " ").replace("\n", " ")
    return message


def _safe_name(name: str | None) -> str:
    """Returns a safe file name that ends in .zip."""
    base = (name or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in base if character.isprintable()).strip(" .")
    if not kept:
        return DEFAULT_FILE_NAME
    return kept[-200:] if kept.lower().endswith(".zip") else f"{kept[-200:]}.zip"
