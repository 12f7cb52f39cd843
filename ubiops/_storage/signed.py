"""Requests to signed addresses of a storage, which carry no API token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ubiops._core.operation import Operation
from ubiops._core.request import Options, PreparedRequest
from ubiops.exceptions import ApiException, InvalidResponseError

if TYPE_CHECKING:
    from ubiops._core.request import StreamedBody
    from ubiops.api_client import ApiClient
    from ubiops.models import FileUploadResponse
    from ubiops.response import Response

_PUT_HEADERS = {"Content-Disposition": "multipart/form-data"}
_AZURE_HEADERS = {"x-ms-version": "2020-04-08", "x-ms-blob-type": "BlockBlob"}
_EXPIRED = "the signed address may have expired, or the storage does not allow this: try again"


def put(client: ApiClient, signed: FileUploadResponse, body: StreamedBody, *, progress: bool) -> None:
    """Sends the content of a file to a signed address.

    Args:
        client: The client whose settings of TLS, proxies, timeouts and retries are
            used.
        signed: The address.
        body: The content. Its length is known.
        progress: Whether to show a progress bar.

    Raises:
        ubiops.ApiException: The storage did not accept the file. The error shows
            neither the signature nor the token.
    """
    # Without a media type, which an old signature would have to cover.
    headers = {**_PUT_HEADERS, "Content-Length": str(body.length)}
    if signed.provider == "azure_blob_storage":
        headers.update(_AZURE_HEADERS)
    options = {"_progress_bar": progress}
    _send(client, signed, Operation("upload_file", "PUT", "/", authorized=False), headers, body, options)


def get(client: ApiClient, signed: FileUploadResponse, *, progress: bool) -> Response:
    """Returns the response with the content of a file.

    Args, Raises: as for ``put``.
    """
    operation = Operation("download_file", "GET", "/", returns="file", authorized=False)
    options = {"_preload_content": False, "_progress_bar": progress}
    found: Response = _send(client, signed, operation, {"Accept-Encoding": "identity"}, None, options)
    return found


def _send(
    client: ApiClient,
    signed: FileUploadResponse,
    operation: Operation,
    headers: dict[str, str],
    body: StreamedBody | None,
    options: dict[str, Any],
) -> Any:
    __tracebackhide__ = True
    origin, target = _address(client, signed)
    settings = client.configuration.copy()
    # The storage is another server: nothing that is meant for the API is sent there.
    settings.host = origin
    settings.api_key = {}
    settings.refresh_api_key_hook = None
    storage = type(client)(settings)
    storage._clock = client._clock
    request = PreparedRequest(
        operation.method,
        origin,
        target,
        {"Accept": "*/*", "User-Agent": client.user_agent, **headers},
        body,
        operation.returns,
        None,
        Options(options, settings._timeouts),
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
    finally:
        # A response keeps its connection until it is closed.
        storage.close()


def _address(client: ApiClient, signed: FileUploadResponse) -> tuple[str, str]:
    """Returns the origin and the target of a signed address, unchanged.

    Raises:
        ubiops.InvalidResponseError: It is not an address, or it is unencrypted where
            the API is encrypted.
    """
    url = signed.url
    parts = urlsplit(url) if isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise InvalidResponseError(200, "the API returned a signed address that is not a URL of a server")
    if parts.scheme == "http" and client.configuration.host.startswith("https:"):
        raise InvalidResponseError(200, "the API returned a signed address that is not encrypted")
    target = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{target}?{parts.query}" if parts.query else target
