"""The start page, and the description that the emulator serves."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

import ubiops
import ubiops.emulator
from ubiops.emulator.core.description import load_description

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def get(api: Any, path: str, method: str = "GET", **headers: str) -> Any:
    return api.pool.request(method, api.origin + path, headers=headers)


@pytest.mark.parametrize("path", ["/", "/v2.1", "/v2.1/", "/v2", "/v2/"])
def test_a_browser_gets_a_page_that_says_how_to_connect(api: Any, path: str) -> None:
    response = get(api, path, **BROWSER)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = unescape(response.data.decode())
    host = api.emulator.host
    assert f'export UBIOPS_API_HOST="{host}"' in page
    assert 'export UBIOPS_API_TOKEN="Token local-emulator"' in page
    assert f'<a href="{api.origin}/openapi.json">' in page
    assert "It accepts any token." in page
    assert ubiops.__version__ in page


def test_the_python_code_of_the_page_runs(api: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = get(api, "/", **BROWSER).data.decode()
    code = unescape(re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)[1])
    exec(compile(code, "page", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("path", ["/", ""])
def test_a_program_gets_the_same_as_json(api: Any, path: str) -> None:
    response = get(api, path)
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert json.loads(response.data) == {
        "name": "UbiOps emulator",
        "version": ubiops.__version__,
        "api": api.emulator.host,
        "description": f"{api.origin}/openapi.json",
    }


def test_the_description_has_this_server(api: Any) -> None:
    response = get(api, "/openapi.json")
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    document = json.loads(response.data)
    assert document["servers"] == [{"url": api.emulator.host}]
    assert document["paths"] == load_description()["paths"]
    assert load_description()["servers"] != document["servers"]


@pytest.mark.parametrize("path", ["/", "/openapi.json"])
def test_the_head_of_a_page_has_no_body(api: Any, path: str) -> None:
    response = get(api, path, "HEAD", **BROWSER)
    assert (response.status, response.data) == (200, b"")


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("PUT", "/openapi.json"), ("GET", "/openapi.json/")])
def test_everything_else_belongs_to_the_api(api: Any, method: str, path: str) -> None:
    response = get(api, path, method, **BROWSER)
    assert response.status == 404
    assert json.loads(response.data) == {"error": f"the API has no path {path}"}


@pytest.mark.parametrize("host", ["example.com:80", "my-machine", "[::1]:8421"])
def test_the_addresses_are_those_that_the_client_uses(api: Any, host: str) -> None:
    with ubiops.emulator.start(allowed_hosts=["example.com", "my-machine"]) as emulator:
        client = type(api)(emulator)
        assert json.loads(get(client, "/", Host=host).data)["api"] == f"http://{host}/v2.1"
        client.pool.clear()


@pytest.mark.parametrize("host", ["<script>", "a b", 'x" onload="x', "a@b", ""])
def test_a_strange_host_header_is_not_repeated(api: Any, host: str) -> None:
    with ubiops.emulator.start(host="0.0.0.0", run_code=False) as emulator:  # noqa: S104
        client = type(api)(emulator)
        response = get(client, "/", **BROWSER, Host=host)
        assert emulator.host in response.data.decode()
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        client.pool.clear()


def test_pages_need_no_token_and_do_not_count_as_calls(api: Any) -> None:
    with ubiops.emulator.start(rate_limit=1, tokens=["s3cret"]) as emulator:
        limited = type(api)(emulator)
        for path in ("/", "/openapi.json", "/"):
            response = get(limited, path, **BROWSER)
            assert response.status == 200
            assert "x-ratelimit-limit" not in response.headers
        page = response.data.decode()
        assert "It accepts only the tokens that it was started with." in page
        assert "s3cret" not in page
        limited.ok("GET", "/template-deployments")
        limited.pool.clear()
