"""Requests to signed addresses of a storage, which carry no API token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ubiops._core.operation import Operation
from ubiops._core.request import Options, PreparedRequest
from ubiops._core.retry import Failure, Policy, decide
from ubiops.exceptions import ApiException, ApiRequestError, InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ubiops._core.request import StreamedBody
    from ubiops._storage.session import Session
    from ubiops.models import FileUploadResponse
    from ubiops.response import Response

T = TypeVar("T")

AZURE = "azure_blob_storage"
_PUT_HEADERS = {"Content-Disposition": "multipart/form-data"}
_AZURE_HEADERS = {"x-ms-version": "2020-04-08", "x-ms-blob-type": "BlockBlob"}
_EXPIRED = "the signed address may have expired, or the storage does not allow this: try again"
_PUT = Operation("upload_file", "PUT", "/", authorized=False)
_GET = Operation("download_file", "GET", "/", returns="file", authorized=False)


def put(session: Session, signed: FileUploadResponse, body: StreamedBody) -> Mapping[str, str]:
    """Sends the content of a file, or of a part of it, to a signed address.

    Args:
        session: The session.
        signed: The address.
        body: The content. Its length is known.

    Returns:
        The headers of the response.

    Raises:
        ubiops.ApiException: The storage did not accept the content. The error shows
            neither the signature nor the token.
    """
    __tracebackhide__ = True
    # Without a media type, which an old signature would have to cover.
    headers = {**_PUT_HEADERS, "Content-Length": str(body.length)}
    if signed.provider == AZURE:
        headers.update(_AZURE_HEADERS)
    found: Mapping[str, str] = _send(session, signed, _PUT, headers, body, {"_return_http_data_only": False})[2]
    return found


def get(session: Session, signed: FileUploadResponse, start: int = 0) -> Response:
    """Returns the response with the content of a file, from a byte on.

    Args, Raises: as for ``put``.
    """
    __tracebackhide__ = True
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    found: Response = _send(session, signed, _GET, headers, None, {"_preload_content": False})
    return found


def transfer(
    session: Session,
    sign: Callable[[], FileUploadResponse],
    send: Callable[[FileUploadResponse], T],
    method: str,
    progressed: Callable[[], bool] = lambda: False,
) -> T:
    """Signs an address and uses it, and repeats both if that can help.

    An address that the storage does not accept any more is signed again, once.

    Args:
        session: The session.
        sign: Gets a signed address from the API.
        send: Makes the request to the storage, and reads what it needs of the response.
        method: The HTTP method.
        progressed: Whether a failed ``send`` got further than any before, so that the
            retries start to count again.

    Raises:
        ubiops.ApiException: A call failed.
    """
    __tracebackhide__ = True
    signed = sign()
    fresh = True
    failures, waited = 0, 0.0
    settings = session.api.api_client.configuration
    attempts: list[str] = []
    while True:
        session.left()
        try:
            return send(signed)
        except ApiException as caught:
            error = caught
        # Outside of the handler, so that errors are not chained.
        if progressed():
            failures, waited, fresh = 0, 0.0, True
            attempts.clear()
        if _refused(error) and fresh:
            signed, fresh = sign(), False
            continue
        failure = error._take_failure()
        if failure is None and error.status == 500:
            # Storages recommend to retry it.
            failure = Failure(f"500 {error.reason}")
        if failure is None:
            raise error
        attempts.append(failure.summary)
        failures += 1
        policy = Policy(settings.max_retries, settings.retry_deadline, settings.auto_retry_rate_limiting)
        wait, why = decide(policy, method, failure, attempt=failures, elapsed=waited, now=session.now())
        if wait is None:
            error.attempts = (*attempts[:-1], f"{attempts[-1]}; not retried: {why}")
            raise error
        session.sleep(wait)
        waited += wait


def _refused(error: ApiException) -> bool:
    """Whether a storage may not accept an address because it has expired."""
    if error.status in (401, 403):
        return True
    return isinstance(error, ApiRequestError) and error.status == 400 and "xpired" in str(error.body or "")


def _send(
    session: Session,
    signed: FileUploadResponse,
    operation: Operation,
    headers: dict[str, str],
    body: StreamedBody | None,
    options: dict[str, Any],
) -> Any:
    __tracebackhide__ = True
    origin, target = _address(session, signed)
    # The storage is another server: nothing that is meant for the API is sent there.
    storage = session.storage(origin)
    request = PreparedRequest(
        operation.method,
        origin,
        target,
        {"Accept": "*/*", "User-Agent": session.api.api_client.user_agent, **headers},
        body,
        operation.returns,
        None,
        Options(options, session.timeouts()),
        False,
        operation,
    )
    try:
        return storage._perform(request)
    except ApiException as error:
        # The whole query is the signature.
        error.url = f"{origin}{target}".partition("?")[0]
        if error.status in (401, 403):
            error.hint = _EXPIRED
        raise


def _address(session: Session, signed: FileUploadResponse) -> tuple[str, str]:
    """Returns the origin and the target of a signed address, unchanged.

    Raises:
        ubiops.InvalidResponseError: It is not an address, or it is unencrypted where
            the API is encrypted.
    """
    url = signed.url
    parts = urlsplit(url) if isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise InvalidResponseError(200, "the API returned a signed address that is not a URL of a server")
    if parts.scheme == "http" and session.api.api_client.configuration.host.startswith("https:"):
        raise InvalidResponseError(200, "the API returned a signed address that is not encrypted")
    target = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{target}?{parts.query}" if parts.query else target
