"""An answer as what it means: a model, a file, or an error."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ubiops import exceptions
from ubiops._core.codec import MAX_ERROR_BYTES, as_text, parse_json
from ubiops._core.messages import printable
from ubiops.exceptions import ApiException, ApiTypeError, ApiValueError, InvalidResponseError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ubiops._transport.pool import RawResponse
    from ubiops.models._base import Model

BLOCK = 1 << 18
"""Bytes of a file that are received at a time."""
MAX_RESPONSE_BYTES = 1 << 28
"""Bytes (256 MiB) of an answer that are held in memory at most, after decompression; files are streamed instead."""
_LONGEST_REASON = 200
"""Characters of a status line's text that an error tells."""


# --- bodies -------------------------------------------------------------------------------------------------------


def read_body(answer: RawResponse) -> bytes:
    """The whole body of an answer, decompressed.

    Raises:
        ubiops.InvalidResponseError: It is too large, or is not compressed the way that it says.
        ubiops.ApiConnectionError: It broke off.
        ubiops.ApiTimeoutError: A time limit ran out.
    """
    headers = answer.headers
    length = _length(headers)
    if length is not None and length <= MAX_RESPONSE_BYTES and "Content-Encoding" not in headers:
        return answer.read()
    parts = []
    total = 0
    for block in read_blocks(answer):
        total += len(block)
        if total > MAX_RESPONSE_BYTES:
            raise InvalidResponseError(
                answer.status,
                f"the answer has more than {MAX_RESPONSE_BYTES >> 20} MiB, which is more than is read into memory",
            )
        parts.append(block)
    return b"".join(parts)


def _length(headers: Mapping[str, str]) -> int | None:
    """Bytes of a body as its headers tell them; None when they don't, or when something else decides."""
    length = headers.get("Content-Length", "")
    # Not more digits than an int takes from text.
    known = length.isdecimal() and len(length) < 20 and "Transfer-Encoding" not in headers
    return int(length) if known else None


def read_blocks(answer: RawResponse, size: int = BLOCK, *, reuse: bool = False) -> Iterator[bytes]:
    """The body of an answer, decompressed, in blocks of at most ``size`` bytes, however well it is compressed.

    With ``reuse`` a block is valid only until the next one is requested.
    """
    encoding = (answer.headers.get("Content-Encoding") or "").strip().lower()
    if encoding in ("", "identity"):
        if reuse:
            yield from answer.views(size)  # type: ignore[misc]
            return
        while True:
            block = answer.read(size)
            if not block:
                return
            yield block
    else:
        try:
            yield from _decompressed(answer, encoding, size)
        except zlib.error as error:
            raise _wrongly_compressed(answer, encoding, str(error)) from None
        finally:
            answer.close()


def _decompressed(answer: RawResponse, encoding: str, size: int) -> Iterator[bytes]:
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _wrongly_compressed(answer, encoding, "only gzip and deflate are read")
    raw = answer.read(size)
    # A gzip file may have several members, one behind the other; nothing at all is nothing compressed.
    while raw:
        # 32 makes zlib find out by itself whether a gzip or a zlib header comes.
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        while not inflate.eof:
            # With nothing to read any more it may still have something to give.
            block = inflate.decompress(raw, size)
            if block:
                yield block
            elif not raw:
                raise _wrongly_compressed(answer, encoding, "it ends too early")
            raw = inflate.unconsumed_tail or inflate.unused_data or answer.read(size)


def _wrongly_compressed(answer: RawResponse, encoding: str, why: str) -> InvalidResponseError:
    return InvalidResponseError(
        answer.status, f"the answer says that it is compressed as {encoding[:40]!r}, but can't be decompressed: {why}"
    )


# --- types --------------------------------------------------------------------------------------------------------

_PLAIN: dict[str, tuple[type, ...]] = {
    "object": (object,),
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "datetime": (str,),
}


def find_model(name: str) -> type[Model]:
    """The class of a model by its name.

    Raises:
        ubiops.ApiValueError: There is none.
    """
    from ubiops import models

    found = getattr(models, name, None) if name in models.__all__ else None
    if found is None:
        raise ApiValueError(f"there is no model named {name!r}")
    cls: type[Model] = found
    return cls


Reader = Callable[[Any, int], Any]


def reader_for(returns: str | None) -> Reader:
    """How to read a JSON value as the type that an operation returns.

    Args:
        returns: Such as ``DeploymentDetail``, ``list[DeploymentList]``, ``object`` or None.

    Raises:
        ubiops.ApiValueError: There is no such type.
    """
    if returns is None:
        return lambda value, status: None
    if returns.startswith("list[") and returns.endswith("]"):
        return _list_reader(returns[5:-1], returns)
    if returns in _PLAIN or returns.startswith("dict("):
        return _plain_reader(returns)
    cls = find_model(returns)
    read = cls._read

    def read_one(value: Any, status: int) -> Any:
        if value.__class__ is not dict:
            raise _unexpected(value, status, "an object", returns)
        return read(value)

    return read_one


def _list_reader(item: str, returns: str) -> Reader:
    read = None if item in _PLAIN else find_model(item)._read

    def read_list(value: Any, status: int) -> Any:
        if value.__class__ is not list:
            raise _unexpected(value, status, "a list", returns)
        if read is None:
            return value
        try:
            return [read(one) for one in value]
        except TypeError:
            # Only now is it looked at which: an entry that is no object.
            return [read(one) if one.__class__ is dict else one for one in value]

    return read_list


def _plain_reader(returns: str) -> Reader:
    kinds = (dict,) if returns.startswith("dict(") else _PLAIN[returns]

    def read_plain(value: Any, status: int) -> Any:
        if not isinstance(value, kinds):
            raise _unexpected(value, status, returns, returns)
        if returns == "datetime":
            from ubiops._core.dates import read_datetime

            return read_datetime(value)
        return value

    return read_plain


def _unexpected(value: Any, status: int, wanted: str, returns: str) -> InvalidResponseError:
    kind = {dict: "an object", list: "a list", type(None): "null"}.get(type(value), type(value).__name__)
    try:
        body = json.dumps(value)[:MAX_ERROR_BYTES]
    except RecursionError:
        # Reading gets by with a little less of the stack.
        body = None
    return InvalidResponseError(
        status,
        f"the answer is {kind} where {wanted} was expected ({returns})",
        body=body,
        hint="is configuration.host the address of the API?",
    )


# --- errors -------------------------------------------------------------------------------------------------------


def error_from(answer: RawResponse, *, authorized: bool = True) -> ApiException:
    """The error that an answer stands for, its body read as far as it is needed.

    Args:
        answer: An answer whose status is no success.
        authorized: Whether a token was sent.
    """
    status = answer.status
    body = b""
    try:
        for block in read_blocks(answer):
            body += block
            if len(body) >= MAX_ERROR_BYTES:
                break
    except ApiException:
        # The status is what matters; a body that breaks off must not hide it.
        pass
    finally:
        answer.close()
    from ubiops._core.retry import Failure

    reason = printable(answer.reason)[:_LONGEST_REASON]
    error = exceptions.class_for_status(status)(
        status,
        reason,
        body=as_text(body[:MAX_ERROR_BYTES]),
        headers=answer.headers,
        hint=_hint(status, authorized, answer),
    )
    error._failure = Failure(f"{status} {reason}".strip(), status=status, headers=answer.headers)
    return error


def _hint(status: int, authorized: bool, answer: RawResponse) -> str | None:
    if status == 401:
        if authorized:
            return "the API token was not accepted: check UBIOPS_API_TOKEN or configuration.api_key['Authorization']"
        return "no API token was sent: set UBIOPS_API_TOKEN or configuration.api_key['Authorization']"
    if status == 407:
        return "check configuration.proxy or the variables HTTP_PROXY and NO_PROXY"
    if 300 <= status < 400:
        target = (answer.headers.get("Location") or "").partition("?")[0]
        return (
            f"the server points to {target!r:.200}, which is not followed: only a GET or HEAD is, to the same "
            "scheme, host and port; is configuration.host right?"
        )
    return None


# --- responses ----------------------------------------------------------------------------------------------------


class Response:
    """An answer as it came, to be read as a whole or in pieces; close it, or use it as a context manager.

    It answers to the names that people know from urllib3 as well as from requests.

    Attributes:
        status: The HTTP status.
        reason: The status line's text.
        headers: The headers; names are found in upper and lower case.
        url: The address that answered.
        method: The method of the request.
    """

    def __init__(
        self,
        answer: RawResponse,
        *,
        method: str = "GET",
        url: str = "",
        progress_wanted: bool = False,
        repeatable: bool = False,
    ) -> None:
        # Not imported before there is a file: most programs never download one.
        from ubiops._io.progress import progress_bar

        self._answer = answer
        self._repeatable = repeatable
        self._blocks: Iterator[bytes] | None = None
        self._ended = self._reuse = False
        self._error: ApiException | None = None
        self._rest = memoryview(b"")
        self._content: bytes | None = None
        self._closing = contextlib.ExitStack()
        self._closing.callback(answer.close)
        self._progress = self._closing.enter_context(progress_bar(progress_wanted, _length(answer.headers), "download"))
        self._closed = False
        self.status: int = answer.status
        self.reason: str = answer.reason
        self.headers: Mapping[str, str] = answer.headers
        self.method = method
        self.url = url

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.status

    @property
    def ok(self) -> bool:
        """Whether the call succeeded, which it did: other answers are raised as errors."""
        return self.status < 400

    def raise_for_status(self) -> None:
        """requests' check of the status; there is nothing to raise, since an error's status was raised before."""

    @property
    def closed(self) -> bool:
        """Whether there is nothing more to read."""
        return self._closed

    def getheaders(self) -> Mapping[str, str]:
        """The headers."""
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """A header by its name, or ``default``."""
        return self.headers.get(name, default)

    def getfilename(self, default: str = "download.zip") -> str:
        """The name that the server gives to the file, made safe to be used in a folder.

        Args:
            default: The name when the server gives none, or none that can be used.
        """
        from ubiops._io.downloads import disposition_filename, safe_filename

        return safe_filename(disposition_filename(self.headers.get("Content-Disposition")), default)

    def read(self, amt: int | None = None, decode_content: bool = True) -> bytes:
        """The next bytes of the body; none at its end.

        Args:
            amt: How many at most; None reads all that is left.
            decode_content: Taken for urllib3's sake; what was compressed is always decompressed.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the body was complete.
            ubiops.ApiTimeoutError: A time limit ran out.
            ubiops.InvalidResponseError: The body is not compressed the way that it says.
            ubiops.ApiValueError: The response was closed before.
        """
        if amt is None or amt < 0:
            return b"".join([self._take_rest(), *self._stream()])
        # By views, so that no byte is copied more than once, however small the pieces or large the whole.
        parts = []
        while amt:
            if not self._rest:
                self._rest = memoryview(next(self._stream(), b""))
                if not self._rest:
                    break
            part, self._rest = self._rest[:amt], self._rest[amt:]
            parts.append(part)
            amt -= len(part)
        return b"".join(parts)

    def _take_rest(self) -> bytes:
        data, self._rest = bytes(self._rest), memoryview(b"")
        return data

    def _stream(self) -> Iterator[bytes]:
        if self._content is not None or self._ended:
            return iter(())
        # What broke off before its end has no other end when it is asked again.
        if self._error is not None:
            raise self._error
        if self._closed:
            raise ApiValueError("the response is closed: read it inside of its with block")
        if self._blocks is None:
            self._blocks = self._read_blocks()
        return self._blocks

    def _read_blocks(self) -> Iterator[bytes]:
        try:
            for block in read_blocks(self._answer, reuse=self._reuse):
                if self._progress is not None:
                    self._progress(len(block))
                yield block
            self._ended = True
        except ApiException as error:
            error.method, error.url = self.method, self.url
            if not self._repeatable:
                # The caller has used what came, so that the call can't be made again.
                error._take_failure()
            self._error = error
            raise
        finally:
            self.close()

    def stream(self, amt: int | None = BLOCK, decode_content: bool = True) -> Iterator[bytes]:
        """The body in pieces.

        Args:
            amt: Bytes of each piece but the last; None takes them as they come.
            decode_content: Taken for urllib3's sake; what was compressed is always decompressed.

        Raises:
            ubiops.ApiConnectionError: The connection broke before the body was complete.
            ubiops.ApiTimeoutError: A time limit ran out.
            ubiops.InvalidResponseError: The body is not compressed the way that it says.
        """
        if amt is None or amt == BLOCK:
            rest = self._take_rest()
            if rest:
                yield rest
            yield from self._stream()
            return
        if amt < 1:
            raise ApiValueError(f"a piece has at least 1 byte, got {amt}")
        while True:
            data = self.read(amt)
            if not data:
                return
            yield data

    def iter_content(self, chunk_size: int | None = BLOCK, decode_unicode: bool = False) -> Iterator[bytes]:
        """The body in pieces; requests' name for ``stream``."""
        if decode_unicode:
            raise ApiValueError("iter_content gives bytes; decode them yourself, or use text")
        return self.stream(chunk_size)

    def __iter__(self) -> Iterator[bytes]:
        return self.stream()

    @property
    def data(self) -> bytes:
        """The whole body, read when it is first asked for and kept."""
        if self._content is None:
            self._content = self.read()
        return self._content

    @property
    def content(self) -> bytes:
        """The whole body; requests' name for ``data``."""
        return self.data

    @property
    def text(self) -> str:
        """The whole body as text; bytes that are no UTF-8 are replaced."""
        return self.data.decode("utf-8", "replace")

    def json(self) -> Any:
        """The whole body as the value of its JSON.

        Raises:
            ubiops.InvalidResponseError: It is no JSON.
        """
        return parse_json(self.data, self.status)

    def save(self, path: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> str:
        """Saves the body as a file. It appears under its name only when it is whole and on the disk.

        Args:
            path: A folder, in which it gets the server's name made safe; or the path of the file itself.
                Default: the working directory.
            overwrite: Whether to replace a file of that name; otherwise a number is added to the name.

        Returns:
            The path of the file.

        Raises:
            ubiops.ApiValueError: The folder does not exist or can't be written to, or the body was read in part.
            ubiops.ApiConnectionError: The connection broke before the body was complete.
        """
        if self._content is None and self._blocks is not None:
            raise ApiValueError("a part of the response was read before, so that it can't be saved as a whole")
        target = os.fspath(path) if path is not None else os.getcwd()
        if not isinstance(target, str):
            raise ApiTypeError(f"path takes a string or a PathLike of one, got {type(target).__name__}")
        folder, name = (target, self.getfilename()) if os.path.isdir(target) else os.path.split(target)
        if not name:
            raise ApiValueError(f"a download can't be saved in {folder!r}: there is no such folder")
        from ubiops._io.downloads import save

        self._reuse = True
        with self:
            return save(self.stream() if self._content is None else [self._content], folder, name, overwrite=overwrite)

    def close(self) -> None:
        """Gives the connection back; a body that was not read to its end is dropped. May be called again."""
        if not self._closed:
            self._closed = True
            self._closing.close()

    def release_conn(self) -> None:
        """urllib3's name for ``close``."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}: {self.method} {self.url}>"
