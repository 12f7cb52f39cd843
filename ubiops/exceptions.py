"""Every error that the client raises, as one tree.

::

    UbiOpsException
    ├── StatusError (ValueError)        a wait ended with a failure, such as of a build
    └── OpenApiException
        ├── ApiTypeError (TypeError)    an argument has a wrong type or an unknown name
        ├── ApiValueError (ValueError)  an argument is missing or breaks a rule
        │   └── ApiFileError (OSError)  a local file can't be read or written
        │       ├── ApiFileNotFoundError (FileNotFoundError)
        │       └── ApiPermissionError (PermissionError)
        ├── ApiKeyError (KeyError)              a name does not exist in a mapping
        ├── ApiAttributeError (AttributeError)  no such method, class or function
        ├── ApiImportError (ImportError)        the same, in an import statement
        └── ApiException                a call was made and did not succeed
            ├── ApiRequestError         the request was rejected or can't be sent
            │   ├── BadRequestError        400: the request breaks a rule
            │   ├── UnauthorizedError      401: the token is missing or not valid
            │   ├── ForbiddenError         403: the token lacks a permission
            │   ├── NotFoundError          404: something in the request does not exist
            │   ├── ConflictError          409: the request conflicts with the state
            │   ├── PayloadTooLargeError   413: the file or the body is too large
            │   ├── TooManyRequestsError   429: the rate limit is exceeded
            │   ├── ServerError            5xx: the server failed
            │   └── RedirectError          3xx: the redirect is not followed
            ├── ApiConnectionError (ConnectionError)  no connection, or it broke
            ├── ApiTimeoutError (TimeoutError)        a timeout expired
            │   └── WaitTimeoutError                  504: a wait took too long
            └── InvalidResponseError    the response is not valid

The class in parentheses is the built-in one that also catches the error. All errors can
be pickled, and none contains a token.

Except for ``StatusError``, ``ApiException`` and the classes below it, errors are raised
before anything is sent. Only ``ApiFileError`` is also raised when a download can't be
saved.

``UnknownFieldWarning`` (UserWarning) is a warning: a model or a configuration was given
a name that it does not have.
"""

from __future__ import annotations

from ubiops._core.messages import printable, server_message

# Type checkers take it as true. Importing it from typing would take longer than
# importing this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ubiops._core.retry import Failure

__all__ = [
    "ApiAttributeError",
    "ApiConnectionError",
    "ApiException",
    "ApiFileError",
    "ApiFileNotFoundError",
    "ApiImportError",
    "ApiKeyError",
    "ApiPermissionError",
    "ApiRequestError",
    "ApiTimeoutError",
    "ApiTypeError",
    "ApiValueError",
    "BadRequestError",
    "ConflictError",
    "ForbiddenError",
    "InvalidResponseError",
    "NotFoundError",
    "OpenApiException",
    "PayloadTooLargeError",
    "RedirectError",
    "ServerError",
    "StatusError",
    "TooManyRequestsError",
    "UbiOpsException",
    "UnauthorizedError",
    "UnknownFieldWarning",
    "WaitTimeoutError",
]


_MAX_REQUEST_ID = 200


class UnknownFieldWarning(UserWarning):
    """A name was given that is not a field of the model, or not a setting of the
    configuration. It is probably misspelled."""


class UbiOpsException(Exception):
    """The base of all errors of this library."""


class StatusError(UbiOpsException, ValueError):
    """What a ``ubiops.utils.wait_for_...`` function waited for failed or was cancelled.

    Attributes:
        status: The final status, such as ``failed``.
        message: The server's error message, such as the build's; None without one.
        hint: What to do, if known; None otherwise.
        resource: The object that failed, such as a ``RevisionList``.
        project_name: The name of its project.
        deployment_name: The name of its deployment; None if it has none.
        version: The name of its version; None if it has none.
        revision_id: The id of the revision; None if it is something else.
        environment_name: The name of its environment; None if it has none.
        tag_name: The tag of the environment; None if it is something else.
        pipeline_name: The name of its pipeline; None if it has none.
        request_id: The id of the request; None if it is something else.
        experiment_name: The name of its experiment; None if it has none.
        run_id: The id of the run; None if it is something else.
        export_id: The id of the export; None if it is something else.
        import_id: The id of the import; None if it is something else.
    """

    status: str | None = None
    message: str | None = None
    hint: str | None = None
    resource: Any = None
    project_name: str | None = None
    deployment_name: str | None = None
    version: str | None = None
    revision_id: str | None = None
    environment_name: str | None = None
    tag_name: str | None = None
    pipeline_name: str | None = None
    request_id: str | None = None
    experiment_name: str | None = None
    run_id: str | None = None
    export_id: str | None = None
    import_id: str | None = None

    def __init__(self, summary: str = "", **details: Any) -> None:
        super().__init__(summary)
        self.__dict__.update(details)

    def __str__(self) -> str:
        text = super().__str__()
        if self.message:
            # Several lines are common. Control characters would draw on the terminal.
            text += ": " + "".join(c if c.isprintable() or c in "\n\t" else " " for c in self.message)
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text


class OpenApiException(UbiOpsException):
    """The base of the client's errors, under the name that the official client uses."""


class ApiTypeError(OpenApiException, TypeError):
    """An argument has the wrong type or an unknown name. Nothing was sent."""

    def __init__(
        self,
        msg: str = "",
        path_to_item: Sequence[str | int] | None = None,
        valid_classes: Sequence[type] | None = None,
        key_type: bool | None = None,
    ) -> None:
        super().__init__(_with_path(msg, path_to_item))
        self.path_to_item = path_to_item
        self.valid_classes = valid_classes
        self.key_type = key_type


class ApiValueError(OpenApiException, ValueError):
    """An argument is missing or breaks a rule of the API. Nothing was sent."""

    def __init__(self, msg: str = "", path_to_item: Sequence[str | int] | None = None) -> None:
        super().__init__(_with_path(msg, path_to_item))
        self.path_to_item = path_to_item


class ApiImportError(OpenApiException, ImportError):
    """A name that does not exist is imported."""

    def __init__(self, msg: str = "", path_to_item: Sequence[str | int] | None = None) -> None:
        super().__init__(_with_path(msg, path_to_item))
        self.path_to_item = path_to_item


class ApiFileError(ApiValueError, OSError):
    """A local file or folder can't be read or written. ``errno``, ``strerror`` and
    ``filename`` say why, as those of any ``OSError``."""

    def __str__(self) -> str:
        # OSError would show its number instead.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        state = {"errno": self.errno, "strerror": self.strerror, "filename": self.filename}
        return type(self), self.args, {**self.__dict__, **state}


class ApiFileNotFoundError(ApiFileError, FileNotFoundError):
    """A local file or folder does not exist."""


class ApiPermissionError(ApiFileError, PermissionError):
    """A local file or folder can't be read or written for lack of a permission."""


def file_error(msg: str, cause: BaseException) -> ApiFileError:
    """Returns the error for a local file, of the class that fits its cause."""
    cls: type[ApiFileError] = ApiFileError
    if isinstance(cause, FileNotFoundError):
        cls = ApiFileNotFoundError
    elif isinstance(cause, PermissionError):
        cls = ApiPermissionError
    error = cls(msg)
    if isinstance(cause, OSError):
        error.errno, error.strerror, error.filename = cause.errno, cause.strerror, cause.filename
    return error


class ApiKeyError(OpenApiException, KeyError):
    """A name that does not exist was looked up."""

    def __init__(self, msg: str = "", path_to_item: Sequence[str | int] | None = None) -> None:
        super().__init__(_with_path(msg, path_to_item))
        self.path_to_item = path_to_item

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, with quotes around it.
        return str(self.args[0]) if self.args else ""


class ApiAttributeError(OpenApiException, AttributeError):
    """There is no method, class or function with that name."""

    def __init__(self, msg: str = "", path_to_item: Sequence[str | int] | None = None) -> None:
        super().__init__(_with_path(msg, path_to_item))
        self.path_to_item = path_to_item
        # Python would add a suggestion of its own to that of the message.
        self.name = ""


def _with_path(msg: str, path: Sequence[str | int] | None) -> str:
    return f"{msg} at {''.join(f'[{item!r}]' for item in path)}" if path else msg


class ApiException(OpenApiException):
    """A call was made and did not succeed.

    Attributes:
        status: The HTTP status; 0 if there was no response.
        reason: The status line's text, or what happened in a few words.
        body: The response's body as a string, or as bytes if it is not UTF-8; None
            without a response.
        headers: The response's headers; None without a response.
        message: The server's own message; None if there is none.
        method: The HTTP method of the request; None if there was no request.
        url: The URL of the request, which contains no secret; None if there was no
            request.
        attempts: One line for each attempt, oldest first, that says how it ended.
        hint: What to do about it; None if that is not known.
        request_id: The id that the server gave the request; None if it sent none.
    """

    _failure: Failure | None = None
    """How the last attempt failed, during the call. Never part of a copy."""

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        body: str | bytes | None = None,
        http_resp: Any = None,
        requests_resp: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        message: str | None = None,
        method: str | None = None,
        url: str | None = None,
        attempts: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        if http_resp is not None:
            status, reason = http_resp.status, http_resp.reason
            body, headers = http_resp.data, http_resp.headers
        elif requests_resp is not None:
            status, reason = requests_resp.status_code, requests_resp.reason
            body, headers = requests_resp.text, requests_resp.headers
        super().__init__(status, reason)
        if isinstance(self, OSError):
            _clear_number(self)
        if message is None and body:
            message = server_message(body)
        self.status = status
        self.reason = reason
        self.body = body
        self.headers = headers
        self.message = message
        self.method = method
        self.url = url
        self.attempts = tuple(attempts)
        self.hint = hint

    @property
    def request_id(self) -> str | None:
        """The id that the server gave the request, from the response's headers; None if
        it sent none. Support can find the request by it."""
        return request_id_of(self.headers)

    def get_body_message(self) -> str | None:
        """Returns the server's own message, or None if there is none.

        It comes from ``error``, ``error_message``, ``detail`` or ``message`` of a JSON
        body, from ``<Details>`` or ``<Message>`` of XML, from the title and the first
        heading of an HTML page, or from plain text.
        """
        return self.message

    def __str__(self) -> str:
        parts = [f"({self.status})" if self.status else "", self.reason or ""]
        text = " ".join(part for part in parts if part) or type(self).__name__
        if self.message and self.message != self.reason:
            text += f": {self.message}"
        if self.method and self.url:
            text += f"\n  request: {self.method} {self.url}"
        request_id = self.request_id
        if request_id:
            text += f"\n  request id: {request_id}"
        if len(self.attempts) > 1:
            text += f"\n  attempts: {len(self.attempts)}" + "".join(f"\n    {line}" for line in self.attempts)
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        # The copy is made from the state alone, because constructors of subclasses may
        # differ.
        state = {name: value for name, value in self.__dict__.items() if name != "_failure"}
        return _restore, (type(self), self.args, state)

    def _take_failure(self) -> Failure | None:
        """Returns how the last attempt failed, and removes it from the error."""
        failure: Failure | None = self.__dict__.pop("_failure", None)
        return failure


def _clear_number(error: OSError) -> None:
    """Clears the number of a system error, for which ``OSError`` takes the status."""
    error.errno = error.strerror = None


def request_id_of(headers: Mapping[str, str] | None) -> str | None:
    """Returns the request's id from the headers of its response; None without one."""
    for name in headers or ():
        if name.lower() == "x-request-id":
            return printable(str((headers or {})[name]))[:_MAX_REQUEST_ID] or None
    return None


def _restore(cls: type[ApiException], args: tuple[Any, ...], state: dict[str, Any]) -> ApiException:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ApiRequestError(ApiException):
    """The server rejects the request, or it can't be sent, such as a file that changes
    while it is read.

    ``status`` is 0 if there was no response. The common statuses have classes of their
    own.
    """


class BadRequestError(ApiRequestError):
    """400: the request breaks a rule of the API, which ``message`` names."""


class UnauthorizedError(ApiRequestError):
    """401: the API token is missing or not valid."""


class ForbiddenError(ApiRequestError):
    """403: the token is valid, but lacks a permission."""


class NotFoundError(ApiRequestError):
    """404: something that the request names does not exist."""


class ConflictError(ApiRequestError):
    """409: the request conflicts with the current state, such as a name in use."""


class PayloadTooLargeError(ApiRequestError):
    """413: the file or the body is larger than the API accepts."""


class TooManyRequestsError(ApiRequestError):
    """429: the rate limit is exceeded, and waiting takes too long or is turned off."""


class ServerError(ApiRequestError):
    """5xx: the API failed to handle the request, which may be valid."""


class RedirectError(ApiRequestError):
    """3xx: the redirect is not followed, because that is not safe or never ends."""


class InvalidResponseError(ApiException):
    """The response is not valid: not JSON, of another type, incomplete, too large, or
    not compressed as declared."""


class ApiConnectionError(ApiException, ConnectionError):
    """There is no connection to the API, or it broke before the response was complete.
    Also a ``ConnectionError``."""


class ApiTimeoutError(ApiException, TimeoutError):
    """A timeout of the call expired. Also a ``TimeoutError``."""


class WaitTimeoutError(ApiTimeoutError):
    """The timeout of a ``ubiops.utils.wait_for_...`` function expired. What it waited
    for continues.

    Its ``status`` is 504, although no response had this status.

    Attributes:
        timeout: The limit of the wait, in seconds.
        last_status: The last status seen, such as ``building``; None if there was none.
    """

    def __init__(
        self, *args: Any, timeout: float | None = None, last_status: str | None = None, **details: Any
    ) -> None:
        super().__init__(*args, **details)
        self.timeout = timeout
        self.last_status = last_status


_BY_STATUS: dict[int, type[ApiRequestError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: PayloadTooLargeError,
    429: TooManyRequestsError,
}


def class_for_status(status: int) -> type[ApiRequestError]:
    """Returns the class of the error for an HTTP status that is not a success."""
    if status >= 500:
        return ServerError
    if 300 <= status < 400:
        return RedirectError
    return _BY_STATUS.get(status, ApiRequestError)
