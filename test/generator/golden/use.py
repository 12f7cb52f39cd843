"""Tests of the code generated from the small description; test_golden.py runs them with
that code as `ubiops`.
"""

from __future__ import annotations

import copy
import datetime
import importlib
import inspect
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import ubiops
import ubiops.api
import ubiops.models

BOOK: dict[str, Any] = {"title": "Grammar", "pages": 96, "lent": False, "sealed": True}


def test_this_is_the_generated_code() -> None:
    assert Path(ubiops.__file__).is_relative_to(Path(__file__).parent)


def test_a_model_sends_what_was_given() -> None:
    book = ubiops.BookCreate(**BOOK, from_="x", subtitle=ubiops.NULL)
    sent = json.loads(json.dumps(book._to_json(), default=lambda null: None))
    assert sent == {**BOOK, "from": "x", "subtitle": None}


def test_a_model_is_a_value_without_its_secret() -> None:
    book = ubiops.BookCreate(**BOOK, secret="quiet", cover=ubiops.Cover(colour="red"))
    assert book.to_dict().keys() == set(ubiops.BookCreate.attribute_map.values())
    assert pickle.loads(pickle.dumps(book)) == copy.deepcopy(book) == book
    assert "quiet" not in repr(book)
    assert "quiet" in repr(ubiops.BookCreate(**{**BOOK, "sealed": False}, secret="quiet"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": ""}, "BookCreate.title must have at least 1 character"),
        ({"title": "x" * 65}, "BookCreate.title must have at most 64 characters"),
        ({"title": None}, "BookCreate.title must be given"),
        ({"isbn": "978"}, "BookCreate.isbn must be three digits, a hyphen and more digits, got"),
        ({"isbn": "978-1\n"}, "BookCreate.isbn must be three digits, a hyphen and more digits, got"),
        ({"language": "latin"}, "BookCreate.language must be one of 'dutch', 'frisian'"),
        ({"pages": 0}, "BookCreate.pages must be at least 1"),
        ({"pages": "96"}, "BookCreate.pages must be an integer"),
        ({"weight": 10}, "BookCreate.weight must be at most 9.5"),
        ({"lent": 1}, "BookCreate.lent must be True or False"),
        ({"printed": "soon"}, "BookCreate.printed must be a datetime"),
        ({"keywords": ["a", 1]}, "BookCreate.keywords[1] must be a string"),
        ({"years": ["1999"]}, "BookCreate.years[0] must be an integer"),
        ({"labels": {"a": 1}}, "BookCreate.labels['a'] must be a string"),
        ({"extra": []}, "BookCreate.extra must be a dict"),
        ({"cover": {"colour": 1}}, "BookCreate.cover.colour must be a string"),
        ({"sample": [{"number": 10000}]}, "BookCreate.sample[0].number must be at most 9999"),
    ],
)
def test_a_model_is_checked_when_it_is_built(fields: dict[str, Any], message: str) -> None:
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)) as caught:
        ubiops.BookCreate(**{**BOOK, **fields})
    assert str(caught.value).startswith(message)


def test_a_name_that_is_not_a_field_gives_a_warning() -> None:
    with pytest.warns(ubiops.UnknownFieldWarning, match="BookCreate has no field 'from', .*did you mean 'from_'?"):
        ubiops.BookCreate(**{**BOOK, "from": "x"})


def test_a_response_model_accepts_any_response() -> None:
    response = {
        "id": "1",
        "title": "Grammar",
        "status": "burnt",
        "returned": "2024-03-05T08:58:12Z",
        "cover": {"colour": "red", "weight": 3},
        "value": None,
        "default": True,
        "unknown": [1],
    }
    book = ubiops.Book.from_dict(response)
    assert book.returned == datetime.datetime(2024, 3, 5, 8, 58, 12, tzinfo=datetime.timezone.utc)
    assert book.cover == ubiops.Cover.from_dict({"colour": "red", "weight": 3})
    assert book.rating is None
    assert book.additional_properties == {"unknown": [1]}
    assert book.to_dict() == {
        **dict.fromkeys(("rating", "grades", "labels")),
        **response,
        "returned": book.returned,
        "cover": {"colour": "red", "material": None, "weight": 3},
    }


def test_a_response_model_can_be_built_without_fields() -> None:
    assert set(ubiops.Book().to_dict().values()) == {None}


def test_openapi_types_use_the_names_of_the_api() -> None:
    assert ubiops.Book.openapi_types["grades"] == "list[float]"
    assert ubiops.BookCreate.openapi_types["extra"] == "dict(str, str)"


class Recorder(ubiops.ApiClient):
    """A client that only records its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def execute(self, operation: Any, arguments: tuple[Any, ...], options: dict[str, Any], **more: Any) -> None:
        self.calls.append((operation.name, dict(zip(operation.parameters, arguments)), options, more))


def test_methods_pass_on_what_they_are_given() -> None:
    client = Recorder()
    api = ubiops.CoreApi(client)
    api.books_list(7, language="frisian", _request_timeout=3)
    api.books_list_with_http_info(shelf=7)
    api.books_replace("c", 7, {"a": 1})
    api.books_scan_upload(7, "c", scan=b"x", source="y")
    api.rooms_get()
    assert client.calls == [
        ("books_list", {"shelf": 7}, {"_request_timeout": 3}, {"query": ("frisian", None, None)}),
        ("books_list", {"shelf": 7}, {"_return_http_data_only": False}, {"query": (None, None, None)}),
        ("books_replace", {"class": "c", "shelf": 7}, {}, {"body": {"a": 1}}),
        ("books_scan_upload", {"shelf": 7, "class": "c"}, {}, {"form": ("y",), "files": (b"x",)}),
        ("rooms_get", {}, {}, {}),
    ]


@pytest.mark.parametrize(
    ("name", "positional", "keywords", "passed"),
    [
        (
            "loans_create",
            ("a text",),
            {"priority": 0, "loan_ttl": 3},
            {"query": (0,), "headers": (3,), "body": "a text"},
        ),
        ("loans_list", (), {"status": "lent", "day": "d"}, {"query": ("lent", None, None, "d", None)}),
        ("loans_search", ("ada", "newest"), {"limit": 1}, {"query": ("ada", "newest", 1)}),
        ("loans_search", ("ada",), {}, {"query": ("ada", None, None)}),
        ("loans_update", ("a", [{}]), {}, {"body": [{}]}),
        ("loans_renew", ("a",), {"data": {}}, {"query": (None,), "body": {}}),
        ("loans_renew", ("a",), {}, {"query": (None,), "body": None}),
        ("loans_photo_replace", ("a", b"x"), {}, {"body": b"x"}),
        (
            "loans_photo_create",
            ("a", b"x"),
            {"public": True, "back_content": b"y"},
            {"form": (True, None, None), "files": (b"x", b"y")},
        ),
        ("loans_watch", ([1],), {}, {"body": [1]}),
        ("loans_batch_get", (["a"],), {}, {"body": ["a"]}),
    ],
)
def test_all_kinds_of_arguments_are_passed_on(
    name: str, positional: tuple[Any, ...], keywords: dict[str, Any], passed: dict[str, Any]
) -> None:
    client = Recorder()
    getattr(ubiops.CoreApi(client), name)(7, *positional, **keywords)
    [(called, arguments, options, more)] = client.calls
    assert (called, arguments["shelf"], options, more) == (name, 7, {}, passed)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_LOANS_CREATE", {"body": "any", "text_body": True, "returns": "any"}),
        ("_LOANS_RENEW", {"body": "object", "body_required": False, "returns": "dict(str, str)"}),
        ("_LOANS_UPDATE", {"body": "LoanUpdate | list[LoanUpdate]", "body_required": True, "returns": None}),
        ("_LOANS_PHOTO_CREATE", {"files": ("photo", "backContent"), "required_files": ("photo",), "body": None}),
        ("_LOANS_PHOTO_REPLACE", {"body": "file"}),
        ("_LOANS_PHOTO_DOWNLOAD", {"returns": "file"}),
        ("_LOANS_WATCH", {"body": "list[any]", "text_body": True, "returns": "events"}),
        ("_LOANS_BATCH_GET", {"body": "list[str]", "returns": "list[ImportList]"}),
    ],
)
def test_operations_are_data(name: str, expected: dict[str, Any]) -> None:
    operation = getattr(importlib.import_module("ubiops.api.loans"), name)
    assert {key: getattr(operation, key) for key in expected} == expected


def test_parameters_are_data() -> None:
    loans = importlib.import_module("ubiops.api.loans")
    assert [(one.name, one.type, one.enum, one.required) for one in loans._LOANS_SEARCH.query] == [
        ("reader", "str", None, True),
        ("order", "str", ("newest", "oldest"), False),
        ("limit", "int", None, False),
    ]
    assert [(one.name, one.type, one.enum) for one in loans._LOANS_LIST.query][:3] == [
        ("status", "list[str]", ("pending", "lent", "returned")),
        ("years", "list[int]", None),
        ("since", "datetime", None),
    ]
    [header] = loans._LOANS_CREATE.headers
    assert (header.name, header.python, header.minimum) == ("loan-ttl", "loan_ttl", 1)


def test_no_token_is_sent_where_none_is_needed() -> None:
    status = importlib.import_module("ubiops.api.status")
    assert not status._SERVICE_STATUS.authorized
    assert importlib.import_module("ubiops.api.books")._BOOKS_LIST.authorized


def test_a_method_that_lacks_an_argument_says_so() -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"books_list\(\) needs a value for 'shelf'"):
        ubiops.CoreApi().books_list()


def test_the_core_inherits_all_areas() -> None:
    for area in (ubiops.api.Books, ubiops.Books, ubiops.ReadingRooms, ubiops.BookLoans, ubiops.api.Status):
        assert issubclass(ubiops.CoreApi, area)


def test_a_model_with_the_name_of_an_area_comes_first() -> None:
    assert ubiops.Status is ubiops.models.Status
    assert ubiops.Status.from_dict({"status": "open"}).status == "open"
    assert ubiops.api.Status.service_status.__annotations__["return"] == "StatusModel"


def test_a_twin_has_the_signature_of_its_method_and_says_what_it_returns() -> None:
    for name in ("books_list", "loans_photo_create", "service_status"):
        method, twin = getattr(ubiops.CoreApi, name), getattr(ubiops.CoreApi, f"{name}_with_http_info")
        expected, found = inspect.signature(method), inspect.signature(twin)
        assert found.parameters == expected.parameters
        assert found.return_annotation == f"tuple[{expected.return_annotation}, int, Mapping[str, str]]"
        assert twin.__name__ == f"{name}_with_http_info"
        assert twin.__doc__ == f"Like ``{name}``, but returns (data, status, headers)."
        assert twin.__module__ == method.__module__


def test_methods_of_users_classes_get_no_twin() -> None:
    class Mine(ubiops.CoreApi):
        def helper(self) -> None:
            """Does nothing."""

    assert not hasattr(Mine, "helper_with_http_info")
    assert hasattr(Mine, "books_list_with_http_info")


def test_help_shows_the_operation() -> None:
    assert "Operation: ``GET /shelves/{shelf}/books``" in (ubiops.CoreApi.books_list.__doc__ or "")
