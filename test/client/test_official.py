"""Methods that programs of the official client use for raw requests."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scripted import Wire, client_of, reply

import ubiops

TOKEN = "Token 0123456789"


@pytest.fixture
def client() -> ubiops.ApiClient:
    return ubiops.ApiClient(ubiops.Configuration(api_key={"Authorization": TOKEN}))


@pytest.mark.parametrize("attribute", ["data", "text"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_body_is_read_as_a_type(attribute: str, as_bytes: bool, client: ubiops.ApiClient) -> None:
    def read(text: str, response_type: str | None) -> Any:
        return client.deserialize(SimpleNamespace(**{attribute: text.encode() if as_bytes else text}), response_type)

    assert read('{"status": "ok"}', "Status") == ubiops.Status(status="ok")
    assert read('[{"status": "ok"}]', "list[Status]") == [ubiops.Status(status="ok")]
    assert read('"2020-01-02"', "date") == date(2020, 1, 2)
    assert read('{"a": 1}', "dict(str, int)") == read('{"a": 1}', "object") == {"a": 1}
    assert read("no JSON", None) is None
    with pytest.raises(ubiops.InvalidResponseError):
        read("no JSON", "Status")
    with pytest.raises(ubiops.ApiValueError):
        read("{}", "NoSuchModel")


def test_a_response_can_be_read(tmp_path: Path) -> None:
    with Wire([reply(200, {"status": "ok"})]) as wire, client_of(wire, temp_folder_path=str(tmp_path)) as client:
        api = ubiops.CoreApi(client)
        assert client.deserialize(api.service_status(_preload_content=False), "Status").status == "ok"
        saved = client.deserialize(api.service_status(_preload_content=False), "file")
        assert Path(saved).read_bytes() == b'{"status": "ok"}'
    with pytest.raises(ubiops.ApiTypeError, match="takes a response with data or text, got int"):
        client.deserialize(5, "Status")


def test_media_types_are_selected(client: ubiops.ApiClient) -> None:
    assert client.select_header_accept([]) is None
    assert client.select_header_accept(["text/plain", "Application/JSON"]) == "application/json"
    assert client.select_header_accept(["text/plain", "text/html"]) == "text/plain, text/html"
    assert client.select_header_content_type([]) == "application/json"
    assert client.select_header_content_type(["*/*"]) == "application/json"
    assert client.select_header_content_type(["text/plain", "text/html"]) == "text/plain"


def test_parameters_become_pairs(client: ubiops.ApiClient) -> None:
    given = {"a": [1, 2], "b": "c"}
    assert client.parameters_to_tuples(given, {"a": "csv"}) == [("a", "1,2"), ("b", "c")]
    assert client.parameters_to_tuples(list(given.items()), {"a": "multi"}) == [("a", 1), ("a", 2), ("b", "c")]
    assert client.parameters_to_tuples(given, None) == [("a", [1, 2]), ("b", "c")]


def test_the_token_is_added_to_headers(client: ubiops.ApiClient) -> None:
    headers: dict[str, str] = {}
    client.update_params_for_auth(headers, [], None)
    assert headers == {}
    client.update_params_for_auth(headers, [], ["api_key"])
    assert headers == {"Authorization": TOKEN}
    assert client.configuration.auth_settings()["api_key"]["value"] == TOKEN
    assert ubiops.Configuration().auth_settings() == {}


def test_a_report_has_no_secret(client: ubiops.ApiClient) -> None:
    report = client.configuration.to_debug_report()
    assert "https://api.ubiops.com" in report
    assert "0123456789" not in report
