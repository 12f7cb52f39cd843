"""Tests of the code that is made of the small description; test_golden.py runs them with that code as `ubiops`."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import ubiops

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
    assert pickle.loads(pickle.dumps(book)) == copy.deepcopy(book) == book  # noqa: S301
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
        ({"pages": "96"}, "BookCreate.pages must be a whole number"),
        ({"weight": 10}, "BookCreate.weight must be at most 9.5"),
        ({"lent": 1}, "BookCreate.lent must be True or False"),
        ({"printed": "soon"}, "BookCreate.printed must be a datetime"),
        ({"keywords": ["a", 1]}, "BookCreate.keywords[1] must be a string"),
        ({"years": ["1999"]}, "BookCreate.years[0] must be a whole number"),
        ({"labels": {"a": 1}}, "BookCreate.labels['a'] must be a string"),
        ({"extra": []}, "BookCreate.extra must be a dict"),
        ({"cover": {"colour": 1}}, "BookCreate.cover.colour must be a string"),
        ({"sample": [{"number": 10000}]}, "BookCreate.sample[0].number must be at most 9999"),
        ({"from": "x"}, "BookCreate has no field 'from'; did you mean 'from_'?"),
    ],
)
def test_a_model_is_checked_when_it_is_built(fields: dict[str, Any], message: str) -> None:
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)) as caught:
        ubiops.BookCreate(**{**BOOK, **fields})
    assert str(caught.value).startswith(message)


def test_a_model_that_comes_back_takes_whatever_comes() -> None:
    answer = {
        "id": "1",
        "title": "Grammar",
        "status": "burnt",
        "returned": "2024-03-05T08:58:12Z",
        "cover": {"colour": "red", "weight": 3},
        "value": None,
        "default": True,
        "unknown": [1],
    }
    book = ubiops.Book.from_dict(answer)
    assert book.returned == datetime.datetime(2024, 3, 5, 8, 58, 12, tzinfo=datetime.timezone.utc)
    assert book.cover == ubiops.Cover.from_dict({"colour": "red", "weight": 3})
    assert book.rating is None
    assert book.additional_properties == {"unknown": [1]}
    assert book.to_dict() == {
        **dict.fromkeys(("rating", "grades", "labels")),
        **answer,
        "returned": book.returned,
        "cover": {"colour": "red", "material": None, "weight": 3},
    }


def test_a_model_that_comes_back_can_be_built_of_nothing() -> None:
    assert set(ubiops.Book().to_dict().values()) == {None}


def test_types_are_told_as_the_api_names_them() -> None:
    assert ubiops.Book.openapi_types["grades"] == "list[float]"
    assert ubiops.BookCreate.openapi_types["extra"] == "dict(str, str)"


class Recorder(ubiops.ApiClient):
    """A client that only keeps what it is asked for."""

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


def test_a_method_that_lacks_an_argument_says_so() -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"books_list\(\) needs a value for 'shelf'"):
        ubiops.CoreApi().books_list()


def test_areas_are_bases_of_the_whole() -> None:
    assert issubclass(ubiops.CoreApi, ubiops.api.Books)
    assert issubclass(ubiops.CoreApi, ubiops.api.ReadingRooms)


def test_help_tells_the_operation() -> None:
    assert "Operation: ``GET /shelves/{shelf}/books``" in (ubiops.CoreApi.books_list.__doc__ or "")
