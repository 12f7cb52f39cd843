"""Every feature that an operation can declare, tested by the bytes that are sent."""

from __future__ import annotations

import enum
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from scripted import Request, Wire, client_of, reply

import ubiops
from ubiops._core.operation import REQUIRED, Operation, Parameter

VARIABLE = {"name": "N", "value": "v", "secret": False}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire([reply(200, {})]) as server:
        yield server


@pytest.fixture
def send(wire: Wire) -> Iterator[Callable[..., Request]]:
    """Calls an operation, and returns the request that arrived."""
    with client_of(wire) as client:

        def call(operation: Operation, **values: Any) -> Request:
            client.execute(operation, (), {}, **values)
            return wire.requests[-1]

        yield call


def post(body: str, **more: Any) -> Operation:
    return Operation("things_create", "POST", "/things", body=body, **more)


# --- bodies ---------------------------------------------------------------------------

BODIES: list[tuple[str, Any, Any]] = [
    ("list[str]", ["a", "b"], ["a", "b"]),
    ("list[str]", ("a",), ["a"]),
    ("list[str]", [], []),
    ("list[str]", [uuid.UUID(int=1)], [str(uuid.UUID(int=1))]),
    ("list[str]", '["a"]', ["a"]),
    ("list[int]", [1], [1]),
    ("list[float]", [1, 0.5], [1, 0.5]),
    ("list[bool]", [True], [True]),
    ("list[object]", [{"a": None}, {}], [{"a": None}, {}]),
    ("list[any]", ["a", 1, None, {"b": []}], ["a", 1, None, {"b": []}]),
    ("list[EnvironmentVariableCreate]", [VARIABLE], [VARIABLE]),
    (
        "list[EnvironmentVariableCreate]",
        [ubiops.EnvironmentVariableCreate(name="N", value="v", secret=False)],
        [VARIABLE],
    ),
    ("EnvironmentVariableCreate | list[EnvironmentVariableCreate]", VARIABLE, VARIABLE),
    ("EnvironmentVariableCreate | list[EnvironmentVariableCreate]", [VARIABLE, VARIABLE], [VARIABLE, VARIABLE]),
    ("any", {"a": 1}, {"a": 1}),
    ("any", [1], [1]),
    ("any", "text", "text"),
    ("any", 5, 5),
    ("any", False, False),
    ("any", ubiops.NULL, None),
    ("any", ubiops.EnvironmentVariableCreate(name="N", value="v", secret=False), VARIABLE),
    ("object", {"a": 1}, {"a": 1}),
    ("dict(str, str)", {"a": "b"}, {"a": "b"}),
    ("dict(str, object)", {"a": {"b": 1}}, {"a": {"b": 1}}),
    ("str", "a", "a"),
    ("int", 1, 1),
    ("date", date(2020, 1, 2), "2020-01-02"),
    ("datetime", "2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
]


@pytest.mark.parametrize(("kind", "data", "sent"), BODIES, ids=[f"{kind} {data!r:.30}" for kind, data, _ in BODIES])
def test_a_body_is_sent_as_json(kind: str, data: Any, sent: Any, send: Any) -> None:
    request = send(post(kind), body=data)
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == sent


WRONG_BODIES: list[tuple[str, Any, type[Exception], str]] = [
    ("list[str]", {"a": 1}, ubiops.ApiTypeError, "'data' must be a list, got dict"),
    ("list[str]", "abc", ubiops.ApiValueError, "'data' must be a list or the text of a JSON list"),
    ("list[str]", ["a", 5], ubiops.ApiTypeError, r"'data\[1\]' must be a string, got int: 5"),
    ("list[str]", [None], ubiops.ApiTypeError, r"'data\[0\]' must be a string, got NoneType"),
    ("list[int]", [True], ubiops.ApiTypeError, r"'data\[0\]' must be an integer, got bool"),
    ("list[object]", [{}, 5], ubiops.ApiTypeError, r"data\[1\] must be a dict"),
    ("list[EnvironmentVariableCreate]", VARIABLE, ubiops.ApiTypeError, "'data' must be a list"),
    (
        "list[EnvironmentVariableCreate]",
        [VARIABLE, {"name": "x", "secret": True}],
        ubiops.ApiValueError,
        r"data\[1\].*value must be given",
    ),
    (
        "EnvironmentVariableCreate | list[EnvironmentVariableCreate]",
        [{}],
        ubiops.ApiValueError,
        r"data\[0\].*must be given",
    ),
    ("EnvironmentVariableCreate | list[EnvironmentVariableCreate]", 5, ubiops.ApiTypeError, "must be a"),
    ("dict(str, str)", {"a": 1}, ubiops.ApiTypeError, r"\"data\['a'\]\" must be a string"),
    ("str", 5, ubiops.ApiTypeError, "'data' must be a string"),
    ("date", "soon", ubiops.ApiTypeError, "'data' must be a date or an ISO 8601 string"),
    ("any", object(), ubiops.ApiTypeError, "can't be sent as JSON"),
    ("list[str]", ubiops.NULL, ubiops.ApiValueError, "can't send null as 'data'"),
    ("list[str]", None, ubiops.ApiValueError, "needs a value for 'data'"),
    ("any", None, ubiops.ApiValueError, "needs a value for 'data'"),
    ("any", REQUIRED, ubiops.ApiValueError, "needs a value for 'data'"),
    ("file", None, ubiops.ApiValueError, "needs a value for 'data'"),
    ("file", 5, ubiops.ApiTypeError, "must be a path, bytes or a file"),
]


@pytest.mark.parametrize(
    ("kind", "data", "error", "text"), WRONG_BODIES, ids=[f"{kind} {data!r:.30}" for kind, data, *_ in WRONG_BODIES]
)
def test_a_body_of_another_type_is_rejected(
    kind: str, data: Any, error: type[Exception], text: str, send: Any, wire: Wire
) -> None:
    with pytest.raises(error, match=text):
        send(post(kind), body=data)
    assert wire.requests == []


def test_an_optional_body_can_be_omitted(send: Any) -> None:
    for data in (None, REQUIRED):
        request = send(post("EnvironmentVariableCreate", body_required=False), body=data)
        assert request.body == b""
        assert "content-type" not in request.headers
    for kind in ("file", "any", "list[str]"):
        assert send(post(kind, body_required=False)).body == b""
    assert json.loads(send(post("list[str]", body_required=False), body=["a"]).body) == ["a"]


@pytest.mark.parametrize("kind", ["any", "list[any]"])
def test_a_string_is_sent_as_text_if_that_is_declared(kind: str, send: Any) -> None:
    request = send(post(kind, text_body=True), body="é {}")
    assert request.headers["content-type"] == "text/plain"
    assert request.body == "é {}".encode()
    request = send(post(kind, text_body=True), body=["é"])
    assert request.headers["content-type"] == "application/json"
    with pytest.raises(ubiops.ApiValueError, match="not valid Unicode"):
        send(post(kind, text_body=True), body="\ud800")


@pytest.mark.parametrize("given", ["path", "bytes", "open"])
def test_a_raw_body_is_streamed_unchanged(given: str, send: Any, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(b"x" * 600_000)
    with path.open("rb") as file:
        request = send(post("file"), body={"path": path, "bytes": path.read_bytes(), "open": file}[given])
    assert request.headers["content-type"] == "application/octet-stream"
    assert request.headers["content-length"] == "600000"
    assert request.body == b"x" * 600_000


def test_validation_of_a_body_can_be_left_to_the_server(send: Any, wire: Wire) -> None:
    with client_of(wire, client_side_validation=False) as client:
        for kind, data in (("list[str]", {"a": 1}), ("list[int]", ["a"]), ("dict(str, str)", {"a": 1})):
            client.execute(post(kind), (), {}, body=data)
            assert json.loads(wire.requests[-1].body) == data


# --- query, headers and forms ---------------------------------------------------------


class Color(str, enum.Enum):
    RED = "red"


UTC = timezone.utc
DAY = date(2020, 1, 2)
MOMENT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
VALUES: list[tuple[Parameter, Any, str | None]] = [
    (Parameter("p"), "a b", "a b"),
    (Parameter("p"), Color.RED, "red"),
    (Parameter("p"), 5, "5"),
    (Parameter("p"), uuid.UUID(int=1), str(uuid.UUID(int=1))),
    (Parameter("p"), None, None),
    (Parameter("p", "bool"), True, "true"),
    (Parameter("p", "bool"), False, "false"),
    (Parameter("p", "int", enum=(0, 60)), 60, "60"),
    (Parameter("p", "int", enum=(0, 60)), "60", "60"),
    (Parameter("p", "float", minimum=0), 0.5, "0.5"),
    (Parameter("p", "date"), DAY, "2020-01-02"),
    (Parameter("p", "date"), MOMENT, "2020-01-02"),
    (Parameter("p", "date"), "2020-01-02", "2020-01-02"),
    (Parameter("p", "datetime"), MOMENT, "2020-01-02T03:04:05Z"),
    (
        Parameter("p", "datetime"),
        datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=1))),
        "2020-01-02T00:00:00+01:00",
    ),
    (Parameter("p", "datetime"), datetime(2020, 1, 2), "2020-01-02T00:00:00"),
    (Parameter("p", "datetime"), DAY, "2020-01-02"),
    (Parameter("p", "datetime"), "2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
    (Parameter("p", "list[str]"), ["a", "b"], "a,b"),
    (Parameter("p", "list[str]"), ("a",), "a"),
    (Parameter("p", "list[str]"), "a,b", "a,b"),
    (Parameter("p", "list[str]", enum=("a", "b")), ["b", "a"], "b,a"),
    (Parameter("p", "list[str]", enum=("a", "b")), "a, b", "a, b"),
    (Parameter("p", "list[str]", enum=("red",)), [Color.RED], "red"),
    (Parameter("p", "list[int]"), [1, 2], "1,2"),
]


@pytest.mark.parametrize(("parameter", "value", "text"), VALUES, ids=[f"{p.type} {v!r:.30}" for p, v, _ in VALUES])
def test_a_value_is_encoded_alike_in_a_query_a_header_and_a_form(
    parameter: Parameter, value: Any, text: str | None, send: Any
) -> None:
    from urllib.parse import parse_qs

    request = send(Operation("things_list", "GET", "/things", query=(parameter,)), query=(value,))
    query = parse_qs(request.target.partition("?")[2], keep_blank_values=True)
    assert query == ({} if text is None else {"p": [text]})
    request = send(Operation("things_list", "GET", "/things", headers=(parameter,)), headers=(value,))
    assert request.headers.get("p") == text
    request = send(Operation("things_create", "POST", "/things", form=(parameter,)), form=(value,))
    part = b"" if text is None else f'name="p"\r\n\r\n{text}\r\n'.encode()
    assert part in request.body
    assert (b'name="p"' in request.body) == (text is not None)


WRONG_VALUES: list[tuple[Parameter, Any, type[Exception], str]] = [
    (Parameter("p", "bool"), "true", ubiops.ApiTypeError, "'p' must be True or False, got str"),
    (Parameter("p", "int"), 1.5, ubiops.ApiTypeError, "'p' must be an integer, got float"),
    (Parameter("p", "int", enum=(0, 60)), 7, ubiops.ApiValueError, "'p' must be one of 0, 60, got 7"),
    (Parameter("p", "float"), "1", ubiops.ApiTypeError, "'p' must be a number"),
    (Parameter("p", "float", maximum=1), 1.5, ubiops.ApiValueError, "'p' must be at most 1, got 1.5"),
    (Parameter("p", "date"), "tomorrow", ubiops.ApiTypeError, "'p' must be a date or an ISO 8601 string"),
    (Parameter("p", "date"), 5, ubiops.ApiTypeError, "must be a date"),
    (Parameter("p", "datetime"), "tomorrow", ubiops.ApiTypeError, "'p' must be a datetime or an ISO 8601 string"),
    (Parameter("p", "list[str]"), 5, ubiops.ApiTypeError, "'p' must be a list, got int"),
    (Parameter("p", "list[str]"), ["a,b"], ubiops.ApiValueError, "can't send a comma in an item of 'p', got 'a,b'"),
    (Parameter("p", "list[str]", enum=("a",)), ["a", "c"], ubiops.ApiValueError, "'p' must be one of 'a', got 'c'"),
    (Parameter("p", "list[str]", enum=("a",)), "a,c", ubiops.ApiValueError, "'p' must be one of 'a', got 'c'"),
    (Parameter("p", "list[int]"), [1, "x"], ubiops.ApiTypeError, "'p' must be an integer, got str"),
    (Parameter("p", required=True), None, ubiops.ApiValueError, "needs a value for 'p'"),
    (Parameter("p", required=True), REQUIRED, ubiops.ApiValueError, "needs a value for 'p'"),
    (Parameter("p"), {"a": 1}, ubiops.ApiTypeError, "can't send 'p' in the"),
    (Parameter("import", python="import_"), {}, ubiops.ApiTypeError, "can't send 'import_' in the"),
]


@pytest.mark.parametrize("place", ["query", "headers", "form"])
@pytest.mark.parametrize(
    ("parameter", "value", "error", "text"), WRONG_VALUES, ids=[f"{p.type} {v!r:.30}" for p, v, *_ in WRONG_VALUES]
)
def test_an_invalid_value_is_rejected(
    parameter: Parameter, value: Any, error: type[Exception], text: str, place: Any, send: Any, wire: Wire
) -> None:
    operation = Operation("things_create", "POST", "/things", **{place: (parameter,)})
    with pytest.raises(error, match=text):
        send(operation, **{place: (value,)})
    assert wire.requests == []


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\n", "\x00", "\u20ac"])
def test_a_header_parameter_can_not_inject_another_header(value: str, send: Any, wire: Wire) -> None:
    with pytest.raises(ubiops.ApiValueError, match="the header blob-ttl"):
        send(Operation("blobs_create", "POST", "/blobs", headers=(Parameter("blob-ttl"),)), headers=(value,))
    assert wire.requests == []


def test_keywords_are_suggested_by_their_python_names(wire: Wire) -> None:
    operation = Operation(
        "blobs_create",
        "POST",
        "/blobs",
        headers=(Parameter("blob-ttl", "int", python="blob_ttl"),),
        query=(Parameter("import", python="import_"),),
    )
    with client_of(wire) as client:
        for wrong, meant in (("blobttl", "blob_ttl"), ("imports", "import_")):
            with pytest.raises(ubiops.ApiTypeError, match=f"did you mean '{meant}'"):
                client.execute(operation, (), {wrong: 5})


# --- files and authorization ----------------------------------------------------------


@pytest.mark.parametrize("files", [("file", "other"), ("other",)], ids=["listed in both", "listed once"])
def test_a_required_file_must_be_given(files: tuple[str, ...], send: Any, wire: Wire) -> None:
    operation = Operation("blobs_create", "POST", "/blobs", files=files, required_files=("file",))
    request = send(operation, files=(b"one", None))
    assert b'name="file"' in request.body
    assert b'name="other"' not in request.body
    for missing in (None, REQUIRED):
        with pytest.raises(ubiops.ApiValueError, match=r"blobs_create\(\) needs a value for 'file'"):
            send(operation, files=(missing, b"two"))
    assert len(wire.requests) == 1


def test_an_operation_without_authorization_sends_no_token(wire: Wire) -> None:
    asked: list[int] = []
    operation = Operation("service_status", "GET", "/status", authorized=False, returns="any")
    with client_of(wire, refresh_api_key_hook=lambda configuration: asked.append(1)) as client:
        client.default_headers["authorization"] = "mine"
        assert client.execute(operation, (), {}) == {}
    assert "authorization" not in wire.requests[0].headers
    assert asked == []


@pytest.mark.parametrize("value", [None, True, 5, "x", [1], {"a": 1}])
def test_a_result_of_any_type_is_returned_unchanged(value: Any) -> None:
    operation = Operation("things_get", "GET", "/things", returns="any")
    with Wire([reply(200, value)]) as server, client_of(server) as client:
        assert client.execute(operation, (), {}) == value


@pytest.mark.parametrize(
    ("returns", "value", "result"),
    [
        ("date", "2020-01-02", DAY),
        ("date", "soon", "soon"),
        ("datetime", "2020-01-02T03:04:05Z", MOMENT),
        ("list[datetime]", ["2020-01-02T03:04:05Z"], [MOMENT]),
        ("list[dict(str, str)]", [{"a": "b"}], [{"a": "b"}]),
    ],
)
def test_dates_and_maps_are_read(returns: str, value: Any, result: Any) -> None:
    with Wire([reply(200, value)]) as server, client_of(server) as client:
        assert client.execute(Operation("things_get", "GET", "/things", returns=returns), (), {}) == result


def test_flags_of_call_api_are_validated_like_those_of_methods(wire: Wire) -> None:
    with client_of(wire) as client:
        for name in ("_preload_content", "_return_http_data_only", "_progress_bar", "async_req"):
            with pytest.raises(ubiops.ApiTypeError, match=f"{name} must be True or False, got str"):
                client.call_api("/x", "GET", **{name: "no"})
            client.call_api("/x", "GET", **{name: None})
