"""Exceptions: their hierarchy, names, messages and pickles."""

from __future__ import annotations

import inspect
import pickle
from types import SimpleNamespace
from typing import Any

import pytest

import ubiops
from ubiops import exceptions

CLASSES = [getattr(exceptions, name) for name in exceptions.__all__]


def test_all_exceptions_are_exported_in_sorted_order() -> None:
    defined = {
        name for name, value in vars(exceptions).items() if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert list(exceptions.__all__) == sorted(defined)
    for cls in CLASSES:
        assert getattr(ubiops, cls.__name__) is cls


def test_the_docstring_draws_the_hierarchy() -> None:
    assert exceptions.__doc__ is not None
    for cls in CLASSES:
        assert cls.__name__ in exceptions.__doc__
        assert issubclass(cls, (ubiops.UbiOpsException, UserWarning))
    assert issubclass(ubiops.ApiTypeError, TypeError)
    assert issubclass(ubiops.ApiValueError, ValueError)
    assert issubclass(ubiops.ApiKeyError, KeyError)
    assert issubclass(ubiops.StatusError, ValueError)
    assert issubclass(ubiops.WaitTimeoutError, TimeoutError)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_pickles(cls: type[Exception]) -> None:
    error = cls("what happened")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert (again.args, str(again)) == (error.args, str(error))


def test_an_error_of_a_call_pickles_with_all_attributes() -> None:
    error = ubiops.NotFoundError(
        404,
        "Not Found",
        body='{"error": "no"}',
        headers={"a": "b"},
        method="GET",
        url="http://x/y",
        attempts=["1", "2"],
        hint="h",
    )
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_a_status_error_shows_the_servers_message_and_the_hint() -> None:
    error = ubiops.StatusError("the build failed", message="no deployment.py", hint="fix it", revision_id="r")
    assert str(error) == "the build failed: no deployment.py\n  hint: fix it"
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    lines = ubiops.StatusError("failed", message="first\n\tsecond\x1b[2J")
    assert str(lines) == "failed: first\n\tsecond [2J"
    assert (str(ubiops.StatusError("why")), ubiops.StatusError().status) == ("why", None)


def test_a_wait_timeout_error_has_no_errno() -> None:
    error = ubiops.WaitTimeoutError(504, "it took too long", timeout=5, last_status="building")
    assert (error.errno, error.strerror, error.filename) == (None, None, None)
    assert (error.status, error.reason, error.timeout, error.last_status) == (504, "it took too long", 5, "building")
    assert str(error) == "(504) it took too long"


def test_the_message_has_the_response_the_request_the_attempts_and_a_hint() -> None:
    error = ubiops.ServerError(
        503, "Service Unavailable", body="busy", method="GET", url="http://x/y", attempts=["503", "504"], hint="wait"
    )
    assert str(error).splitlines() == [
        "(503) Service Unavailable: busy",
        "  request: GET http://x/y",
        "  attempts: 2",
        "    503",
        "    504",
        "  hint: wait",
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "ApiException"),
        ({"status": 504}, "(504)"),
        ({"status": 0, "reason": "no connection"}, "no connection"),
        (
            {"status": 404, "reason": "Not Found", "message": "Deployment was not found"},
            "(404) Not Found: Deployment was not found",
        ),
    ],
)
def test_the_message_adapts_to_the_given_arguments(arguments: dict[str, Any], text: str) -> None:
    assert str(ubiops.ApiException(**arguments)) == text


def test_the_http_resp_argument_of_the_official_client_is_accepted() -> None:
    response = SimpleNamespace(status=400, reason="Bad Request", data=b'{"error": "why"}', headers={"a": "b"})
    error = ubiops.ApiException(http_resp=response)
    assert (error.status, error.reason, error.body, error.get_body_message()) == (
        400,
        "Bad Request",
        response.data,
        "why",
    )


def test_the_positional_arguments_of_the_official_client_are_accepted() -> None:
    error = ubiops.ApiException(504, "Timeout", '{"error": "too slow"}')
    assert (error.status, error.reason, error.body, error.message) == (
        504,
        "Timeout",
        '{"error": "too slow"}',
        "too slow",
    )
    response = SimpleNamespace(status_code=400, reason="Bad Request", text='{"error": "why"}', headers={"a": "b"})
    assert str(ubiops.ApiException(requests_resp=response)) == "(400) Bad Request: why"


def test_the_path_to_an_item_is_reported() -> None:
    assert str(ubiops.ApiTypeError("not a number", path_to_item=["ports", 0])) == "not a number at ['ports'][0]"
    assert str(ubiops.ApiKeyError("no such name")) == "no such name"


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (302, ubiops.RedirectError),
        (400, ubiops.BadRequestError),
        (401, ubiops.UnauthorizedError),
        (403, ubiops.ForbiddenError),
        (404, ubiops.NotFoundError),
        (409, ubiops.ConflictError),
        (413, ubiops.PayloadTooLargeError),
        (418, ubiops.ApiRequestError),
        (429, ubiops.TooManyRequestsError),
        (500, ubiops.ServerError),
        (599, ubiops.ServerError),
    ],
)
def test_each_status_has_its_class(status: int, cls: type[Exception]) -> None:
    assert exceptions.class_for_status(status) is cls


# --- built-in bases, request ids ------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (ubiops.ApiTypeError, TypeError),
        (ubiops.ApiValueError, ValueError),
        (ubiops.ApiKeyError, KeyError),
        (ubiops.ApiAttributeError, AttributeError),
        (ubiops.ApiFileError, OSError),
        (ubiops.ApiFileError, ubiops.ApiValueError),
        (ubiops.ApiFileNotFoundError, FileNotFoundError),
        (ubiops.ApiPermissionError, PermissionError),
        (ubiops.ApiTimeoutError, TimeoutError),
        (ubiops.ApiConnectionError, ConnectionError),
    ],
)
def test_errors_are_also_the_built_in_ones(cls: type[Exception], base: type[Exception]) -> None:
    assert issubclass(cls, base)
    assert issubclass(cls, ubiops.UbiOpsException)


def test_an_error_of_the_network_reads_like_those_of_calls_and_pickles_whole() -> None:
    error = ubiops.ApiTimeoutError(0, "slow", method="GET", url="http://x/y", hint="wait")
    assert str(error).splitlines() == ["slow", "  request: GET http://x/y", "  hint: wait"]
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)
    # The status is not the number of a system error.
    for one in (error, again):
        assert (one.errno, one.strerror, one.filename) == (None, None, None)


@pytest.mark.parametrize(
    ("cause", "cls"),
    [
        (FileNotFoundError(2, "No such file", "a.zip"), ubiops.ApiFileNotFoundError),
        (PermissionError(13, "Permission denied", "a.zip"), ubiops.ApiPermissionError),
        (IsADirectoryError(21, "Is a directory", "a.zip"), ubiops.ApiFileError),
        (ValueError("embedded null byte"), ubiops.ApiFileError),
    ],
)
def test_an_error_of_a_file_has_the_class_and_the_numbers_of_its_cause(cause: Any, cls: type[Any]) -> None:
    error = exceptions.file_error("file can't be read", cause)
    assert type(error) is cls
    assert str(error) == "file can't be read"
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert str(one) == "file can't be read"
        for name in ("errno", "strerror", "filename"):
            assert getattr(one, name) == getattr(cause, name, None)


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"X-Request-Id": "abc"}, "abc"),
        ({"x-request-id": " a\x1b[0m\nb "}, "a [0m b"),
        ({"X-Request-ID": "a" * 500}, "a" * 200),
        ({"X-Request-Id": ""}, None),
        ({"Content-Type": "x"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_request_id_comes_from_the_headers_and_is_shown(headers: Any, request_id: str | None) -> None:
    error = ubiops.ServerError(500, "Server Error", headers=headers, method="GET", url="http://x/y")
    assert error.request_id == request_id
    shown = f"\n  request id: {request_id}" if request_id else ""
    assert str(error) == f"(500) Server Error\n  request: GET http://x/y{shown}"
