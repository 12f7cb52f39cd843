"""Arguments can't change the structure of a request: they are encoded or rejected."""

from __future__ import annotations

import datetime
import decimal
import enum
import io
import json
import math
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from scripted import TOKEN, ZIP_START, Wire, call, reply

import ubiops

BASE = "/v2.1/projects/"
JSON = "application/json"


@pytest.fixture
def server(wire: Any) -> Wire:
    return wire(reply(200, {}))


# --- path -----------------------------------------------------------------------------

SEGMENTS = {
    "plain": "plain",
    "a b": "a%20b",
    "a/b": "a%2Fb",
    "../x": "..%2Fx",
    "..\\x": "..%5Cx",
    "/": "%2F",
    "%2e%2e": "%252e%252e",
    "%2F": "%252F",
    "%": "%25",
    "a?b=c": "a%3Fb%3Dc",
    "a#b": "a%23b",
    "a;b": "a%3Bb",
    "a&b": "a%26b",
    "a:b@c": "a%3Ab%40c",
    "...": "...",
    ".x": ".x",
    "x.": "x.",
    "~": "~",
    "é": "%C3%A9",
    "\u2025": "%E2%80%A5",
    "\uff0e\uff0e": "%EF%BC%8E%EF%BC%8E",
    "\x00": "%00",
    "\r\nX: y": "%0D%0AX%3A%20y",
    "\t": "%09",
    "{version}": "%7Bversion%7D",
    "%s%(a)s": "%25s%25%28a%29s",
    "💥": "%F0%9F%92%A5",
    "http://evil.example/": "http%3A%2F%2Fevil.example%2F",
}


@pytest.mark.parametrize(("value", "segment"), SEGMENTS.items(), ids=[ascii(value) for value in SEGMENTS])
@pytest.mark.parametrize("through_proxy", [False, True], ids=["direct", "proxy"])
def test_a_path_parameter_stays_in_its_segment(
    value: str, segment: str, through_proxy: bool, server: Wire, client_for: Any
) -> None:
    host = "http://api.localhost:99/v2.1" if through_proxy else server.host
    api = ubiops.CoreApi(client_for(host, proxy=server.origin if through_proxy else ""))
    api.deployment_versions_get(value, "d", value)
    (request,) = server.requests
    prefix = "http://api.localhost:99" if through_proxy else ""
    assert request.target == f"{prefix}{BASE}{segment}/deployments/d/versions/{segment}"
    parts = request.target[len(prefix) :].split("/")
    assert (len(parts), unquote(parts[3]), unquote(parts[7])) == (8, value, value)


class Name(str, enum.Enum):
    A = "a/b"


class Number(enum.IntEnum):
    SEVEN = 7


ID = uuid.UUID("00000000-0000-4000-8000-000000000001")


@pytest.mark.parametrize(
    ("value", "segment"),
    [(7, "7"), (-7, "-7"), (ID, str(ID)), (Name.A, "a%2Fb"), (Number.SEVEN, "7"), (10**30, "1" + "0" * 30)],
    ids=repr,
)
def test_integers_and_uuids_are_accepted_as_path_parameters(
    value: Any, segment: str, server: Wire, client_for: Any
) -> None:
    ubiops.CoreApi(client_for(server)).deployments_get("p", value)
    assert server.requests[0].target == f"{BASE}p/deployments/{segment}"


INVALID_STRINGS = ["", ".", "..", "\ud800"]
NOT_STRINGS: list[Any] = [None, True, False, 1.0, math.nan, b"x", ["x"], ("x",), {"x": 1}, object(), Path("x")]
OTHER_TYPES = [decimal.Decimal(1), datetime.date(2020, 1, 1), ubiops.NULL, 10**5000]


@pytest.mark.parametrize(
    "value",
    [*INVALID_STRINGS, *NOT_STRINGS, *OTHER_TYPES],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else ascii(value),
)
def test_an_invalid_path_parameter_is_rejected_before_anything_is_sent(
    value: Any, server: Wire, client_for: Any
) -> None:
    api = ubiops.CoreApi(client_for(server))
    for attempt in (
        lambda: api.deployments_get("p", value),
        lambda: api.deployments_get(value, "d"),
        lambda: api.deployment_versions_list(project_name="p", deployment_name=value),
        lambda: api.deployments_get("p", value, async_req=True),
        lambda: api.api_client.call_api("/things/{name}", "GET", {"name": value}),
    ):
        with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)):
            attempt()
    assert server.connections == 0


# --- query ----------------------------------------------------------------------------

VALUES = ["a&b=c", "a=b", "a+b c", "#?/", "%41", "é💥", "\r\nX: y", "\x00", "team:a,team:b", ";", "'\"<>"]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_a_query_value_stays_one_value(value: str, server: Wire, client_for: Any) -> None:
    ubiops.CoreApi(client_for(wire_list(server))).deployments_list("p", labels=value)
    path, _, query = server.requests[0].target.partition("?")
    assert path == f"{BASE}p/deployments"
    assert parse_qsl(query, strict_parsing=True, keep_blank_values=True) == [("labels", value)]


def wire_list(server: Wire) -> Wire:
    server.steps = (reply(200, []),)
    return server


def test_names_of_query_parameters_are_encoded_too(server: Wire, client_for: Any) -> None:
    client_for(server).call_api("/things", "GET", query_params={"a&b": "c", "d": 1, "e": True, "f": None, "g": 0.5})
    query = server.requests[0].target.partition("?")[2]
    assert parse_qsl(query) == [("a&b", "c"), ("d", "1"), ("e", "true"), ("g", "0.5")]


@pytest.mark.parametrize("value", [math.nan, math.inf, [1], {"a": 1}, object(), b"x", "\ud800"], ids=repr)
def test_an_invalid_query_value_is_rejected(value: Any, server: Wire, client_for: Any) -> None:
    client = client_for(server)
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)):
        client.call_api("/things", "GET", query_params={"a": value})
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)):
        ubiops.CoreApi(client).deployment_audit_events_list("p", "d", limit=value)
    assert server.connections == 0


# --- host -----------------------------------------------------------------------------

HOSTS = [
    "https://user@host",
    "https://user:pass@host",
    "https://host/?a=b",
    "https://host/v2.1?",
    "https://host/#x",
    "ftp://host",
    "file:///etc/passwd",
    "javascript://host",
    "ws://host",
    "//host//x@y",
    "https://",
    "https:///v2.1",
    "https://host:port",
    "https://host:99999",
    "https://host:-1",
    "https://ho st",
    "https://host\r\nX: y",
    "https://host\x00",
    "https://host\t/v2.1",
    "https://host\\@evil",
    "https://h\u00f6st",
    "https://ho\u2028st",
    "https://[::1",
    "https://[host]",
    "https://host/..",
    "https://host/./v2",
    "https://host/%2e%2e/v2",
    "https://ho%73t",
    "https://host;x",
    "https://host,other",
    "https://$(x)",
    "https://*",
    "https://a..b",
    "https://.",
    "https://.a",
    f"https://{'a' * 64}.example",
]


@pytest.mark.parametrize("host", HOSTS, ids=ascii)
def test_a_host_with_more_than_scheme_address_and_path_is_rejected(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ubiops.ApiValueError, match="can't be used"):
        ubiops.Configuration(host=host)
    configuration = ubiops.Configuration(host="https://kept.example/v2.1")
    with pytest.raises(ubiops.ApiValueError):
        configuration.host = host
    assert configuration.host == "https://kept.example/v2.1"
    client = ubiops.ApiClient(configuration)
    with pytest.raises(ubiops.ApiValueError):
        client.call_api("/things", "GET", _host=host)
    if "\x00" not in host:
        monkeypatch.setenv("UBIOPS_API_HOST", host)
        with pytest.raises(ubiops.ApiValueError, match="can't be used"):
            ubiops.Configuration()


# --- headers --------------------------------------------------------------------------

CONTROLS = ["a\r\nX: y", "a\nX: y", "a\n X: y", "a\r", "a\n", "a\x00b", "\x1b[2J", "a\x7f", "a\x0bb", "a\x0c"]


@pytest.mark.parametrize("value", CONTROLS, ids=ascii)
def test_a_header_with_control_characters_is_rejected(value: str, server: Wire, client_for: Any) -> None:
    client = client_for(server)
    assignments = [
        lambda: client.set_default_header("X-A", value),
        lambda: client.set_default_header("X-A", value.encode()),
        lambda: client.default_headers.__setitem__("X-A", value),
        lambda: client.default_headers.update({"X-A": value}),
        lambda: client.default_headers.setdefault("X-A", value),
        lambda: setattr(client, "default_headers", {"X-A": value}),
        lambda: setattr(client, "user_agent", value),
        lambda: setattr(client, "cookie", value),
        lambda: ubiops.ApiClient(client.configuration, "X-A", value),
        lambda: ubiops.ApiClient(client.configuration, cookie=value),
        lambda: call(client, header_params={"X-A": value}),
        lambda: ubiops.Configuration(proxy_headers={"X-A": value}),
    ]
    for assign in assignments:
        with pytest.raises(ubiops.ApiValueError, match="control characters"):
            assign()
    if value.strip() == value:
        client.configuration.api_key["Authorization"] = f"Token {value}"
        with pytest.raises(ubiops.ApiValueError, match="control characters"):
            call(client)
        client.configuration.api_key["Authorization"] = "x"
    client.configuration.api_key_prefix["Authorization"] = f"Bearer{value}x"
    with pytest.raises(ubiops.ApiValueError, match="control characters"):
        call(client)
    assert server.connections == 0


@pytest.mark.parametrize("name", ["", "X A", "X:A", "X\r\nB", "é", "X\x00", "(", None, 5], ids=repr)
def test_an_invalid_header_name_is_rejected(name: Any, server: Wire, client_for: Any) -> None:
    client = client_for(server)
    for assign in (
        lambda: client.set_default_header(name, "x"),
        lambda: client.default_headers.__setitem__(name, "x"),
        lambda: call(client, header_params={name: "x"}),
    ):
        with pytest.raises(ubiops.ApiValueError, match="is not a valid header name"):
            assign()
    assert server.connections == 0


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "Transfer-Encoding"])
def test_headers_that_frame_the_body_are_rejected(name: str, server: Wire, client_for: Any) -> None:
    """With a wrong length, the rest of the body would be read as another request."""
    client = client_for(server)
    for assign in (
        lambda: client.set_default_header(name, "3"),
        lambda: client.default_headers.update({name: "3"}),
        lambda: call(client, header_params={name: "3"}),
    ):
        with pytest.raises(ubiops.ApiValueError, match=f"the header {name} is set by the client itself"):
            assign()
    assert server.connections == 0


def test_a_header_is_sent_once_however_its_name_is_capitalized(server: Wire, client_for: Any) -> None:
    client = client_for(server)
    for name in ("authorization", "ACCEPT", "user-agent", "content-type", "cookie", "x-a", "X-A"):
        client.set_default_header(name, "mine")
    client.cookie = "a=b"
    call(client, "POST")
    call(client, "POST", header_params={"content-type": "application/yaml", "AUTHORIZATION": "other", "x-A": "1"})
    for request in server.requests:
        names = [name.lower() for name, _ in request.lines]
        assert len(names) == len(set(names))
    first, second = (request.headers for request in server.requests)
    # Headers of the client override the default headers, and headers of a call both.
    assert (first["authorization"], first["content-type"], first["cookie"]) == (f"Token {TOKEN}", JSON, "a=b")
    assert (first["accept"], first["user-agent"], first["x-a"]) == ("mine", "mine", "mine")
    assert (second["authorization"], second["content-type"], second["x-a"]) == ("other", "application/yaml", "1")


@pytest.mark.parametrize("value", [5, None, ["x"], {"a": 1}, object()], ids=repr)
def test_a_header_value_of_another_type_is_rejected(value: Any, server: Wire, client_for: Any) -> None:
    client = client_for(server)
    with pytest.raises(ubiops.ApiTypeError, match="must be a string"):
        client.set_default_header("X-A", value)
    with pytest.raises(ubiops.ApiTypeError, match="must be a string"):
        call(client, header_params={"X-A": value})
    assert server.connections == 0


def test_valid_header_values_are_sent_unchanged(server: Wire, client_for: Any) -> None:
    client = client_for(server)
    client.user_agent = "mine/1 (a; b)"
    client.default_headers["X-Latin"] = "é"
    client.set_default_header("X-Bytes", b"\xe9\tx")
    client.cookie = "a=b; c=d"
    call(client, header_params={"X-Empty": ""})
    headers = server.requests[0].headers
    assert (headers["user-agent"], headers["x-latin"], headers["x-bytes"]) == ("mine/1 (a; b)", "é", "é\tx")
    assert (headers["cookie"], headers["x-empty"]) == ("a=b; c=d", "")


def test_a_path_template_without_its_value_is_rejected(server: Wire, client_for: Any) -> None:
    for given in (None, {}, {"a": 1}, {"b": None}):
        with pytest.raises(ubiops.ApiValueError, match=r"call_api\(\) needs a value for 'b'"):
            client_for(server).call_api("/things/{b}", "GET", given)
    assert server.connections == 0


@pytest.mark.parametrize("method", ["GET\r\nX: y", "GET /", "", "G\x00T", "GÉT"], ids=ascii)
def test_an_invalid_method_is_rejected(method: str, server: Wire, client_for: Any) -> None:
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiRequestError)):
        client_for(server, max_retries=0).call_api("/things", method)
    assert server.requests == []


# --- bodies ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_rejected_and_located(value: float, server: Wire, client_for: Any) -> None:
    api = ubiops.CoreApi(client_for(server))
    with pytest.raises(ubiops.ApiValueError, match=r"data\['a'\]\[1\]\['b'\]"):
        api.revisions_rebuild("p", "d", "r", "v", {"a": [0, {"b": value}]})
    widget = {"type": "slider", "configuration": {"max": value}}
    field = {"name": "x", "data_type": "int", "widget": widget}
    data = {"name": "d", "input_type": "structured", "output_type": "plain", "input_fields": [field]}
    with pytest.raises(ubiops.ApiValueError, match="max"):
        api.deployments_create("p", data)
    with pytest.raises(ubiops.ApiValueError):
        api.api_client.call_api("/things", "POST", body=[value])
    assert server.connections == 0


def test_values_of_a_body_are_sent_unchanged(server: Wire, client_for: Any) -> None:
    data = {"text": 'é💥\u2028"\\\x00', "number": 2**70, "fraction": 0.1, "none": None, "list": [True, False]}
    ubiops.CoreApi(client_for(server)).revisions_rebuild("p", "d", "r", "v", data)
    assert json.loads(server.requests[0].body) == data
    assert server.requests[0].headers["content-type"] == "application/json"


NAMES = {
    "plain.zip": 'filename="plain.zip"',
    'a"b.zip': 'filename="a%22b.zip"',
    "a\r\nX: y.zip": 'filename="a%0D%0AX: y.zip"',
    "a\\b.zip": 'filename="a\\b.zip"',
    "é💥.zip": 'filename="é💥.zip"',
    "a;b=c.zip": 'filename="a;b=c.zip"',
    "%22.zip": 'filename="%22.zip"',
}


@pytest.mark.parametrize(("name", "sent"), NAMES.items(), ids=[ascii(name) for name in NAMES])
def test_a_file_name_stays_within_its_header(
    name: str, sent: str, server: Wire, client_for: Any, tmp_path: Path
) -> None:
    content = ZIP_START + b"content"
    path = tmp_path / name
    path.write_bytes(content)
    stream = io.BytesIO(content)
    stream.name = f"/somewhere/{name}"
    server.steps = (reply(201, {}),)
    api = ubiops.CoreApi(client_for(server))
    for file in (path, stream):
        api.revisions_file_upload("p", "d", "v", file=file)
    for request in server.requests:
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        start, head_and_body, end = request.body.split(b"--" + boundary)
        head, _, body = head_and_body.partition(b"\r\n\r\n")
        assert (start, body, end) == (b"", content + b"\r\n", b"--\r\n")
        lines = head.strip().decode().split("\r\n")
        assert lines == [
            f'Content-Disposition: form-data; name="file"; {sent}',
            "Content-Type: application/octet-stream",
        ]


def test_a_form_field_stays_within_its_part(server: Wire, client_for: Any) -> None:
    api = ubiops.CoreApi(client_for(server))
    value = 'v"\r\n--x\r\nContent-Disposition: form-data; name="file"\r\n\r\né'
    server.steps = (reply(201, {}),)
    api.revisions_file_upload("p", "d", "v", source_deployment="s", source_version=value)
    request = server.requests[0]
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    parts = request.body.split(b"--" + boundary)
    assert len(parts) == 4
    assert parts[2].partition(b"\r\n\r\n")[2] == value.encode() + b"\r\n"


@pytest.mark.parametrize("value", [b"x", ["x"], {"a": 1}, object(), math.nan], ids=repr)
def test_a_form_field_of_another_type_is_rejected(value: Any, server: Wire, client_for: Any) -> None:
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError)):
        ubiops.CoreApi(client_for(server)).revisions_file_upload(
            "p", "d", "v", source_deployment=value, source_version="v1"
        )
    assert server.connections == 0
