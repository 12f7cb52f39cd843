"""The path, query, headers and body of a request."""

from __future__ import annotations

import json
import math
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import ubiops
from ubiops._core.body import build_body
from ubiops._core.codec import dump_json
from ubiops._core.headers import authorization, check_header
from ubiops._core.operation import REQUIRED, Operation, Parameter
from ubiops._core.parameters import build_query
from ubiops._core.redact import SecretStr
from ubiops._core.request import build_path
from ubiops._core.timeouts import Timeouts, read_timeout_option

GET = Operation("things_get", "GET", "/projects/{project_name}/things/{id}", parameters=("id", "project_name"))
LIST = Operation(
    "things_list",
    "GET",
    "/things",
    query=(
        Parameter("labels", "str"),
        Parameter("limit", "int", minimum=1, maximum=9),
        Parameter("action", "str", enum=("create", "delete")),
        Parameter("all", "bool"),
    ),
)
ANY = Operation("things_rebuild", "POST", "/things", body="object")


def sent(operation: Operation, data: Any) -> bytes:
    """The bytes of a body that is JSON."""
    content, media_type = build_body(operation, data)
    assert media_type == "application/json"
    return content


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("plain-1_2.3~4", "plain-1_2.3~4"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("%2e%2e", "%252e%252e"),
        ("..a", "..a"),
        ("...", "..."),
        (".hidden", ".hidden"),
        ("a?b#c;d&e", "a%3Fb%23c%3Bd%26e"),
        ("é", "%C3%A9"),
        ("\r\n", "%0D%0A"),
        ("\x00", "%00"),
        (7, "7"),
        (-7, "-7"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_path_parameter_is_encoded_within_its_segment(value: Any, segment: str) -> None:
    assert build_path(GET, (value, "p")) == f"/projects/p/things/{segment}"


@pytest.mark.parametrize("value", [None, REQUIRED, "", ".", "..", "\ud800"])
def test_a_path_parameter_that_would_change_the_path_is_rejected(value: Any) -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"things_get\(\).*'id'"):
        build_path(GET, (value, "p"))


@pytest.mark.parametrize("value", [True, 1.5, b"x", [], {}, object(), ubiops.NULL])
def test_a_path_parameter_of_another_type_is_rejected(value: Any) -> None:
    with pytest.raises(ubiops.ApiTypeError, match="'id' must be a string, an integer or a UUID, got"):
        build_path(GET, (value, "p"))


def test_characters_that_are_declared_safe_are_not_encoded() -> None:
    assert build_path(GET, ("a:b@c", "p"), safe=":@") == "/projects/p/things/a:b@c"


def test_a_query_omits_parameters_that_are_none() -> None:
    assert build_query(LIST, (None, None, None, None)) == ""
    assert (
        build_query(LIST, ("a:b,c&d=e f", 3, "create", True))
        == "labels=a%3Ab%2Cc%26d%3De%20f&limit=3&action=create&all=true"
    )
    assert build_query(LIST, ("", "5", None, False)) == "labels=&limit=5&all=false"


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ((None, 0, None, None), ubiops.ApiValueError, "'limit' must be at least 1, got 0"),
        ((None, 10, None, None), ubiops.ApiValueError, "'limit' must be at most 9, got 10"),
        ((None, "x", None, None), ubiops.ApiTypeError, "'limit' must be an integer, got str: 'x'"),
        ((None, True, None, None), ubiops.ApiTypeError, "'limit' must be an integer, got bool"),
        ((None, 1.0, None, None), ubiops.ApiTypeError, "'limit' must be an integer, got float"),
        (
            (None, None, "Create", None),
            ubiops.ApiValueError,
            "'action' must be one of 'create', 'delete', got 'Create'",
        ),
        ((None, None, None, "yes"), ubiops.ApiTypeError, "'all' must be True or False"),
        ((["a"], None, None, None), ubiops.ApiTypeError, "can't send 'labels' in the query: list"),
        ((math.nan, None, None, None), ubiops.ApiTypeError, "can't send 'labels' in the query: float"),
        (("\udfff", None, None, None), ubiops.ApiValueError, "not valid Unicode"),
    ],
)
def test_an_invalid_query_parameter_is_rejected(values: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message.replace("(", r"\(")):
        build_query(LIST, values)


@pytest.mark.parametrize(
    ("key", "prefix", "header"),
    [
        ("abc", None, "Token abc"),
        ("Token abc", None, "Token abc"),
        ("Token Token abc", None, "Token abc"),
        ("token  abc", None, "token abc"),
        (" abc\n", None, "Token abc"),
        (b"abc", None, "Token abc"),
        ("Bearer abc", None, "Bearer abc"),
        ("abc", "Bearer", "Bearer abc"),
        ("Bearer abc", "Bearer", "Bearer abc"),
        ("Token abc", "Bearer", "Bearer abc"),
        ("abc", "Custom", "Custom abc"),
        ("Custom abc", "Custom", "Custom abc"),
        ("tokenabc", None, "Token tokenabc"),
    ],
)
def test_the_prefix_of_a_token_is_sent_once(key: Any, prefix: str | None, header: str) -> None:
    value = authorization(key, prefix)
    assert str.__str__(value) == header
    assert repr(value) == "'***'"


@pytest.mark.parametrize("key", ["", " ", "Token", "Token ", "a\nb", "a\x00b", "café €"])
def test_an_invalid_token_is_rejected_without_showing_it(key: str) -> None:
    with pytest.raises(ubiops.ApiValueError) as caught:
        authorization(key, None)
    assert key.strip() in ("", "Token") or key not in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "\x00", "a\x7f", "€"])
def test_a_header_value_with_control_characters_is_rejected(value: str) -> None:
    with pytest.raises(ubiops.ApiValueError, match="the header X-Y (has|contains)"):
        check_header("X-Y", value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", 5])
def test_an_invalid_header_name_is_rejected(name: Any) -> None:
    with pytest.raises(ubiops.ApiValueError, match="is not a valid header name"):
        check_header(name, "x")


def test_a_header_value_of_another_type_is_rejected() -> None:
    with pytest.raises(ubiops.ApiTypeError, match="must be a string, got int"):
        check_header("X-Y", 5)


def test_a_stripped_secret_stays_secret() -> None:
    assert repr(SecretStr(" a ").strip()) == "'***'"
    assert SecretStr(" a ").strip() == "a"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"a": None}, '{"a":null}'),
        ({"a": ubiops.NULL}, '{"a":null}'),
        ({"a": (1, 2)}, '{"a":[1,2]}'),
        ({"a": {"x"}}, '{"a":["x"]}'),
        ({"a": "é\u2028"}, '{"a":"é\u2028"}'),
        ({"a": uuid.UUID(int=1)}, '{"a":"00000000-0000-0000-0000-000000000001"}'),
        ({"a": datetime(2020, 1, 2, 3, 4, 5, 6, timezone.utc)}, '{"a":"2020-01-02T03:04:05.000006Z"}'),
        (
            {"a": datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))},
            '{"a":"2020-01-02T03:04:05+01:00"}',
        ),
        ({"a": datetime(2020, 1, 2).date()}, '{"a":"2020-01-02"}'),
    ],
)
def test_python_values_are_converted_to_json(value: Any, sent: str) -> None:
    assert dump_json(value).decode() == sent


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"a": [1, {"b": math.nan}]}, ubiops.ApiValueError, r"at data\['a'\]\[1\]\['b'\]"),
        ({"a": math.inf}, ubiops.ApiValueError, r"at data\['a'\]"),
        ({"a": "\ud800"}, ubiops.ApiValueError, "not valid Unicode"),
        ({"a": b"x"}, ubiops.ApiTypeError, "bytes can't be sent as JSON"),
        ({"a": object}, ubiops.ApiTypeError, "type can't be sent as JSON"),
        ({("a",): 1}, ubiops.ApiTypeError, "keys must be str"),
    ],
)
def test_values_that_json_can_not_represent_are_rejected(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        dump_json(value)


def test_a_circular_body_is_rejected() -> None:
    value: dict[str, Any] = {}
    value["again"] = value
    with pytest.raises(ubiops.ApiValueError):
        dump_json(value)


def test_an_object_can_be_passed_as_a_dict_or_as_json_text() -> None:
    assert json.loads(sent(ANY, {"a": None, "b": {"c": 1}})) == {"a": None, "b": {"c": 1}}
    assert sent(ANY, '{"a": 1}') == b'{"a":1}'


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (ubiops.NULL, ubiops.ApiValueError),
        ("{", ubiops.ApiValueError),
        ("[]", ubiops.ApiTypeError),
        ([1], ubiops.ApiTypeError),
        ({1: 2}, ubiops.ApiTypeError),
    ],
)
def test_a_body_that_is_not_an_object_is_rejected(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"things_rebuild\(\)"):
        build_body(ANY, data)


DEFAULT = Timeouts(10, 300, None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, DEFAULT),
        (5, Timeouts(5, 5, 5)),
        (20.0, Timeouts(10, 20, 20)),
        (1000, Timeouts(10, 1000, 1000)),
        ((1, 2), Timeouts(1, 2, None)),
        ([1, None], Timeouts(1, None, None)),
        ((None, None), Timeouts(None, None, None)),
    ],
)
def test_a_number_bounds_the_whole_call_and_a_pair_its_phases(given: Any, expected: Timeouts) -> None:
    assert read_timeout_option(given, DEFAULT) == expected


@pytest.mark.parametrize(
    "given", [0, -1, math.nan, math.inf, (1,), (1, 2, 3), (0, 1), (1, -1), True, "5", {}, (1, "2")]
)
def test_an_invalid_timeout_is_rejected(given: Any) -> None:
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match="_request_timeout"):
        read_timeout_option(given, DEFAULT)
