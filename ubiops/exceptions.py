"""Every error that the client raises, as one tree.

::

    UbiOpsException
    └── OpenApiException
        ├── ApiTypeError (TypeError)        an argument has the wrong type, or an unknown name
        ├── ApiValueError (ValueError)      an argument is missing or breaks a rule of the API
        ├── ApiKeyError (KeyError)          a name that does not exist was looked up
        └── ApiException                    a call was made and did not succeed
            ├── ApiRequestError             the server refuses the request, or it can't be sent as asked
            │   ├── BadRequestError         400: it breaks a rule
            │   ├── UnauthorizedError       401: no token, or one that is not valid
            │   ├── ForbiddenError          403: the token has no right to it
            │   ├── NotFoundError           404: what it names does not exist
            │   ├── ConflictError           409: it contradicts the present state
            │   ├── PayloadTooLargeError    413: the file or the body is too large
            │   ├── TooManyRequestsError    429: the rate limit is used up
            │   ├── ServerError             5xx: the server failed
            │   └── RedirectError           3xx: it leads elsewhere and is not followed
            ├── ApiConnectionError          no connection, or it broke
            ├── ApiTimeoutError             a time limit ran out
            └── InvalidResponseError        the answer can't be read

The first four are raised before anything is sent. All of them pickle, and none holds a token.
``UnknownFieldWarning`` (UserWarning) is a warning: a model was given a field that it does not have.
"""

from __future__ import annotations

from ubiops._core.messages import server_message

# Type checkers take it as true. Importing it from typing would take longer than importing the package does.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ubiops._core.retry import Failure

__all__ = [
    "ApiConnectionError",
    "ApiException",
    "ApiKeyError",
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
    "TooManyRequestsError",
    "UbiOpsException",
    "UnauthorizedError",
    "UnknownFieldWarning",
]


class UnknownFieldWarning(UserWarning):
    """A name was given that is not a field of the model. It is probably misspelled."""


class UbiOpsException(Exception):
    """The root of all errors of this library: catch it to catch them all."""


class OpenApiException(UbiOpsException):
    """The base of the errors of the client; the official client's name for it."""


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


class ApiKeyError(OpenApiException, KeyError):
    """A name was looked up that does not exist."""

    def __init__(self, msg: str = "", path_to_item: Sequence[str | int] | None = None) -> None:
        super().__init__(_with_path(msg, path_to_item))
        self.path_to_item = path_to_item

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which puts quotes around a sentence.
        return str(self.args[0]) if self.args else ""


def _with_path(msg: str, path: Sequence[str | int] | None) -> str:
    return f"{msg} at {''.join(f'[{item!r}]' for item in path)}" if path else msg


class ApiException(OpenApiException):
    """A call was made and did not succeed.

    Attributes:
        status: The HTTP status of the answer; 0 when there was none.
        reason: The status line's text, or in a few words what happened.
        body: The answer's body as text (bytes that are no text are kept as bytes); None when there was none.
        headers: The answer's headers; None when there was none.
        message: What the server says in its own words; None when it says nothing.
        method: The HTTP method of the request; None when there was no request.
        url: The address of the request, which holds no secret; None when there was no request.
        attempts: One line for each attempt that was made, oldest first, with what came of it.
        hint: What to do about it, where that is known; None otherwise.
    """

    _failure: Failure | None = None
    """What a retry is decided on, while the call is under way; never part of a copy."""

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        http_resp: Any = None,
        *,
        body: str | bytes | None = None,
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
        super().__init__(status, reason)
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

    def get_body_message(self) -> str | None:
        """What the server says in its own words, or None when it says nothing.

        Read from a JSON body's ``error``, ``error_message`` or ``detail``, from ``<Details>`` or ``<Message>`` of XML,
        or from plain text; of an HTML page from its title and its first heading.
        """
        return self.message

    def __str__(self) -> str:
        parts = [f"({self.status})" if self.status else "", self.reason or ""]
        text = " ".join(part for part in parts if part) or type(self).__name__
        if self.message and self.message != self.reason:
            text += f": {self.message}"
        if self.method and self.url:
            text += f"\n  request: {self.method} {self.url}"
        if len(self.attempts) > 1:
            text += f"\n  attempts: {len(self.attempts)}" + "".join(f"\n    {line}" for line in self.attempts)
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        # Whatever a subclass's constructor asks for, the copy is made from the state alone.
        state = {name: value for name, value in self.__dict__.items() if name != "_failure"}
        return _restore, (type(self), self.args, state)

    def _take_failure(self) -> Failure | None:
        """Returns what a retry is decided on, and removes it from the error."""
        failure: Failure | None = self.__dict__.pop("_failure", None)
        return failure


def _restore(cls: type[ApiException], args: tuple[Any, ...], state: dict[str, Any]) -> ApiException:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ApiRequestError(ApiException):
    """The server refuses the request, or it can't be sent as asked, such as a file that changes while it is read.

    ``status`` tells them apart: it is 0 when there was no answer. The common statuses have classes of their own.
    """


class BadRequestError(ApiRequestError):
    """400: the request breaks a rule of the API; ``message`` says which."""


class UnauthorizedError(ApiRequestError):
    """401: there is no API token, or it is not valid."""


class ForbiddenError(ApiRequestError):
    """403: the token is valid, but has no right to do this."""


class NotFoundError(ApiRequestError):
    """404: what the request names does not exist."""


class ConflictError(ApiRequestError):
    """409: the request contradicts the present state, such as a name that is taken."""


class PayloadTooLargeError(ApiRequestError):
    """413: the file or the body is larger than the API takes."""


class TooManyRequestsError(ApiRequestError):
    """429: the rate limit is used up, and waiting for it took too long or was switched off."""


class ServerError(ApiRequestError):
    """5xx: the API failed to handle a request that may well be right."""


class RedirectError(ApiRequestError):
    """3xx: the answer points elsewhere, and following it is not safe or leads nowhere."""


class InvalidResponseError(ApiException):
    """The answer is not what it claims to be: no JSON, of another type, too large, or wrongly compressed."""


class ApiConnectionError(ApiException):
    """There is no connection to the API, or it broke before the answer was complete."""


class ApiTimeoutError(ApiException):
    """A time limit of the call ran out."""


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
    """The class of error for an HTTP status that is no success."""
    if status >= 500:
        return ServerError
    if 300 <= status < 400:
        return RedirectError
    return _BY_STATUS.get(status, ApiRequestError)
