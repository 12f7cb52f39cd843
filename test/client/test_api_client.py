"""The client: its requests, its options, its lifetime, and ``call_api``."""

from __future__ import annotations

import json
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

import ubiops

if TYPE_CHECKING:
    from pathlib import Path

    from test.client.conftest import Server

DEPLOYMENT = {"id": "1", "name": "d", "project": "p", "creation_date": "2020-05-12T16:23:15.456812Z"}


def test_a_request_has_the_expected_headers(client: ubiops.ApiClient, server: Server) -> None:
    server.body = json.dumps(DEPLOYMENT).encode()
    ubiops.CoreApi(client).deployments_get("p", "d")
    assert (server.last.method, server.last.target) == ("GET", "/v2.1/projects/p/deployments/d")
    assert server.last.headers["Authorization"] == "Token of-the-test"
    assert server.last.headers["Accept"] == "application/json"
    assert server.last.headers["User-Agent"].startswith(f"ubiops-python/{ubiops.__version__} (")
    assert server.last.headers["Content-Type"] is None
    assert server.last.body == b""


def test_a_body_is_compact_json(client: ubiops.ApiClient, server: Server) -> None:
    server.status, server.body = 201, json.dumps(DEPLOYMENT).encode()
    data = {"name": "d", "input_type": "plain", "output_type": "plain", "unknown": [1, None], "description": None}
    created = ubiops.CoreApi(client).deployments_create("p", data)
    assert created.name == "d"
    assert server.last.headers["Content-Type"] == "application/json"
    assert server.last.body == b'{"name":"d","input_type":"plain","output_type":"plain","unknown":[1,null]}'


def test_headers_for_all_requests(client: ubiops.ApiClient, server: Server) -> None:
    client.user_agent = "my-tool/1.0"
    client.set_default_header("X-Trace", "abc")
    client.cookie = "a=b"
    client.call_api("/x", "GET")
    assert client.user_agent == server.last.headers["User-Agent"] == "my-tool/1.0"
    assert client.default_headers["X-Trace"] == server.last.headers["X-Trace"] == "abc"
    assert client.cookie == server.last.headers["Cookie"] == "a=b"
    client.cookie = None
    client.call_api("/x", "GET", header_params={"X-Trace": "other"})
    assert server.last.headers["Cookie"] is None
    assert server.last.headers["X-Trace"] == "other"


def test_headers_can_be_passed_to_the_constructor(server: Server) -> None:
    with ubiops.ApiClient(ubiops.Configuration(host=server.host, proxy=""), "X-A", "b", "c=d") as client:
        client.call_api("/x", "GET")
    assert (server.last.headers["X-A"], server.last.headers["Cookie"]) == ("b", "c=d")
    assert server.last.headers["Authorization"] is None


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\x00"])
def test_header_injection_is_rejected(client: ubiops.ApiClient, value: str) -> None:
    with pytest.raises(ubiops.ApiValueError):
        client.user_agent = value
    with pytest.raises(ubiops.ApiValueError):
        client.set_default_header("X-A", value)
    with pytest.raises(ubiops.ApiValueError):
        client.cookie = value
    with pytest.raises(ubiops.ApiValueError):
        client.call_api("/x", "GET", header_params={"X-A": value})


def test_an_unknown_keyword_is_rejected_with_a_suggestion(client: ubiops.ApiClient, server: Server) -> None:
    api = ubiops.CoreApi(client)
    unknown: dict[str, Any]
    for unknown, suggestion in (
        ({"_request_timeot": 1}, "'_request_timeout'"),
        ({"lables": "a:b"}, "'labels'"),
        ({"xyz": 1}, "project_name"),
        ({"project_name": None, "projekt_name": "p"}, "'project_name'"),
    ):
        with pytest.raises(
            ubiops.ApiTypeError, match=r"deployments_list\(\) got an unexpected keyword argument"
        ) as caught:
            api.deployments_list(**{"project_name": "p", **unknown})
        assert suggestion in str(caught.value)
    with pytest.raises(ubiops.ApiTypeError, match="async_req must be True or False"):
        api.deployments_list("p", async_req="yes")  # type: ignore[call-overload]
    assert server.requests == []


def test_missing_arguments_and_none_are_rejected(client: ubiops.ApiClient, server: Server) -> None:
    api = ubiops.CoreApi(client)
    with pytest.raises(ubiops.ApiValueError, match=r"deployments_get\(\) needs a value for 'deployment_name'"):
        api.deployments_get("p")  # type: ignore[call-overload]
    with pytest.raises(ubiops.ApiValueError, match=r"deployments_get\(\) needs a value for 'project_name'"):
        api.deployments_get(None, "d")  # type: ignore[call-overload]
    with pytest.raises(ubiops.ApiValueError, match=r"deployments_create\(\) needs a value for 'data'"):
        api.deployments_create("p")  # type: ignore[call-overload]
    with pytest.raises(ubiops.ApiValueError, match=r"deployments_create\(\) needs a value for 'data'"):
        api.deployments_create("p", None, async_req=True)  # type: ignore[call-overload]
    assert server.requests == []


def test_validation_can_be_left_to_the_server(client: ubiops.ApiClient, server: Server) -> None:
    client.configuration.client_side_validation = False
    ubiops.CoreApi(client).deployments_create("p", {"name": 5, "input_fields": "x"})
    assert json.loads(server.last.body) == {"name": 5, "input_fields": "x"}
    server.body = b"[]"
    ubiops.CoreApi(client).deployment_audit_events_list("p", "d", action="anything")
    assert server.last.target.endswith("/audit?action=anything")


def test_status_and_headers_are_returned_on_request(client: ubiops.ApiClient, server: Server) -> None:
    server.body = json.dumps(DEPLOYMENT).encode()
    server.headers["x-ratelimit-remaining"] = "7"
    api = ubiops.CoreApi(client)
    for data, status, headers in (
        api.deployments_get_with_http_info("p", "d"),
        api.deployments_get("p", "d", _return_http_data_only=False),
    ):
        assert (type(data), data.name, status, headers["X-RateLimit-Remaining"]) == (
            ubiops.DeploymentDetail,
            "d",
            200,
            "7",
        )


def test_a_raw_response_is_returned_on_request(client: ubiops.ApiClient, server: Server) -> None:
    server.body = b'{"name": "d", "x": 1}'
    with ubiops.CoreApi(client).deployments_get("p", "d", _preload_content=False) as response:
        assert (response.status, response.status_code, response.reason, response.ok) == (200, 200, "OK", True)
        assert response.headers["content-type"] == response.getheader("Content-Type") == "application/json"
        assert response.getheaders()["Content-Type"] == "application/json"
        assert response.getheader("nothing", "else") == "else"
        assert (response.data, response.content, response.text) == (server.body, server.body, server.body.decode())
        assert response.json() == {"name": "d", "x": 1}
        response.raise_for_status()
        assert response.ok
        assert (response.method, response.url) == ("GET", f"{server.host}/projects/p/deployments/d")
        assert repr(response).startswith("<Response 200 OK: GET http://127.0.0.1")
    assert response.closed


def test_a_raw_response_can_be_read_in_pieces(client: ubiops.ApiClient, server: Server) -> None:
    server.body = bytes(range(256)) * 4000
    api = ubiops.CoreApi(client)

    def get() -> ubiops.Response:
        return api.deployments_get("p", "d", _preload_content=False)

    assert get().read() == server.body
    with get() as response:
        assert response.read(10) == server.body[:10]
        assert response.read(5) == server.body[10:15]
        assert response.read() == server.body[15:]
        assert response.read() == b""
    assert b"".join(get()) == server.body
    assert b"".join(get().stream(None)) == server.body
    pieces = list(get().iter_content(1000))
    assert {len(piece) for piece in pieces} == {1000}
    assert b"".join(pieces) == server.body
    with get() as response:
        response.read(1)
    closed = get()
    closed.close()
    with pytest.raises(ubiops.ApiValueError, match="the response is closed"):
        closed.read()


def test_a_call_can_run_in_another_thread(client: ubiops.ApiClient, server: Server) -> None:
    server.body = json.dumps([DEPLOYMENT]).encode()
    api = ubiops.CoreApi(client)
    handles = [api.deployments_list("p", async_req=True) for _ in range(20)]
    for handle in handles:
        handle.wait(30)
        assert handle.ready()
        assert handle.successful()
        assert [d.name for d in handle.get(30)] == ["d"]
    server.status, server.body = 404, b'{"error": "no"}'
    with pytest.raises(ubiops.NotFoundError, match="no"):
        api.deployments_list("p", async_req=True).get(30)
    server.status, server.body = 204, b""
    data, status, _ = api.deployments_delete_with_http_info("p", "d", async_req=True).get(30)
    assert (data, status) == (None, 204)


def test_a_client_can_be_closed_twice_and_used_again(client: ubiops.ApiClient, server: Server) -> None:
    client.call_api("/x", "GET")
    client.close()
    client.close()
    assert client.call_api("/x", "GET", response_type="object", _return_http_data_only=True) == {}
    assert ubiops.CoreApi(client).deployments_list("p", async_req=True, _preload_content=False).get(30).status == 200
    client.close()
    with ubiops.CoreApi(client) as api:
        api.template_deployments_list(_preload_content=False).close()


def test_a_client_pickles_without_its_secrets(
    client: ubiops.ApiClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.user_agent = "my-tool/1.0"
    client.set_default_header("X-Secret", "hunter2")
    client.cookie = "session=hunter2"
    client.call_api("/x", "GET")
    sent = pickle.dumps(ubiops.CoreApi(client))
    assert b"hunter2" not in sent
    assert b"of-the-test" not in sent
    monkeypatch.setenv("UBIOPS_API_TOKEN", "of-the-receiver")
    with pickle.loads(sent) as api:
        api.api_client.call_api("/x", "GET")
    assert server.last.headers["Authorization"] == "Token of-the-receiver"
    assert server.last.headers["User-Agent"] == "my-tool/1.0"


def test_a_client_or_configuration_of_another_type_is_rejected() -> None:
    with pytest.raises(ubiops.ApiTypeError, match=r"ApiClient must be a Configuration, got ApiClient"):
        ubiops.ApiClient(ubiops.ApiClient())  # type: ignore[arg-type]
    with pytest.raises(
        ubiops.ApiTypeError, match=r"CoreApi must be a ubiops\.ApiClient, got Configuration; .*ubiops\.ApiClient\("
    ):
        ubiops.CoreApi(ubiops.Configuration())  # type: ignore[arg-type]
    for threads in (0, -1, True, 1.5):
        with pytest.raises(ubiops.ApiValueError, match="pool_threads"):
            ubiops.ApiClient(pool_threads=threads)  # type: ignore[arg-type]


# --- call_api -------------------------------------------------------------------------


def test_an_endpoint_without_a_method_can_be_called(client: ubiops.ApiClient, server: Server) -> None:
    server.body = json.dumps([DEPLOYMENT]).encode()
    data, status, _ = client.call_api(
        "/projects/{project}/things/{id}",
        "get",
        {"project": "a b", "id": "x/y"},
        query_params=[("labels", "a:b"), ("labels", "c"), ("none", None), ("all", True)],
        response_type="list[DeploymentList]",
    )
    assert (type(data[0]), data[0].name, status) == (ubiops.DeploymentList, "d", 200)
    assert server.last.target == "/v2.1/projects/a%20b/things/x%2Fy?labels=a%3Ab&labels=c&all=true"


@pytest.mark.parametrize(
    ("response_type", "body", "expected"),
    [
        ("object", b"[1, null]", [1, None]),
        ("str", b'"x"', "x"),
        ("int", b"5", 5),
        ("dict(str, str)", b'{"a": "b"}', {"a": "b"}),
        ("list[str]", b'["a"]', ["a"]),
        (None, b"whatever", None),
    ],
)
def test_a_response_is_read_as_the_requested_type(
    client: ubiops.ApiClient, server: Server, response_type: str | None, body: bytes, expected: Any
) -> None:
    server.body = body
    assert client.call_api("/x", "GET", response_type=response_type, _return_http_data_only=True) == expected


def test_an_unknown_response_type_is_rejected(client: ubiops.ApiClient, server: Server) -> None:
    with pytest.raises(ubiops.ApiValueError, match="unknown model 'Deploymnt'"):
        client.call_api("/x", "GET", response_type="list[Deploymnt]")
    assert server.requests == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((None, "GET"), "'resource_path' must be a string, got NoneType"),
        (("/x/{id}", "GET"), "needs a value for 'id' in 'path_params', to fill '/x/{id}'"),
        (("/x/{id}", "GET", {"name": "y"}), "needs a value for 'id' in 'path_params'"),
        (("/x/..", "GET"), "can't use '/x/..' as a path template"),
        (("/x/%2e%2E/y", "GET"), "can't use '/x/%2e%2E/y' as a path template"),
        (("/x y", "GET"), "can't use '/x y' as a path template"),
        (("/x\r\nHost: y", "GET"), "as a path template"),
        (("/x\\y", "GET"), "as a path template"),
        (("/x%", "GET"), "as a path template"),
        (("/x/{", "GET"), "as a path template"),
        (("/x?a=b", "GET"), "and a query as 'query_params'"),
        (("/x#y", "GET"), "as a path template"),
        (("/x/{a}/{b}", "GET", {"a": "{b}"}), "needs a value for 'b'"),
        (("/x", None), "None is not a valid HTTP method"),
        (("/x", "GET\r\n"), "is not a valid HTTP method"),
        (("/x", "GET", ["id"]), "'path_params' must be a dict with string keys or a list of pairs"),
        (("/x", "GET", {1: "id"}), "'path_params' must be"),
        (("/x", "GET", None, "a=b"), "'query_params' must be"),
        (("/x", "GET", None, 5), "'query_params' must be"),
        (("/x", "POST", None, None, None, None, ["abc"]), "'post_params' must be"),
        (("/x", "POST", None, None, None, None, None, ["a.zip"]), "'files' must be"),
    ],
)
def test_invalid_arguments_of_call_api_are_rejected(
    client: ubiops.ApiClient, server: Server, arguments: tuple[Any, ...], text: str
) -> None:
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError), match=re.escape(text)):
        client.call_api(*arguments)
    assert server.requests == []


def test_a_path_value_is_not_used_as_a_template(client: ubiops.ApiClient, server: Server) -> None:
    client.call_api("/x/{b}/{a}/{b}", "GET", {"a": "{b}", "b": "%s"})
    assert server.last.target == "/v2.1/x/%25s/%7Bb%7D/%25s"


def test_any_body_can_be_sent(client: ubiops.ApiClient, server: Server, tmp_path: Path) -> None:
    client.call_api("/x", "PUT", body=[1, {"a": ubiops.NULL}])
    assert (server.last.method, server.last.body) == ("PUT", b'[1,{"a":null}]')
    (tmp_path / "a.zip").write_bytes(b"zip")
    client.call_api("/x", "POST", post_params=[("name", "n")], files={"file": tmp_path / "a.zip"})
    assert server.last.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="name"\r\n\r\nn\r\n' in server.last.body
    assert b'name="file"; filename="a.zip"\r\n' in server.last.body


def test_a_call_can_use_another_host(client: ubiops.ApiClient, server: Server) -> None:
    original = client.configuration.host
    client.configuration.host = "http://127.0.0.1:9"
    assert client.call_api("/x", "GET", response_type="object", _host=original)[:2] == ({}, 200)
    assert client.call_api("/x", "GET", response_type="object", _host=original, async_req=True).get(20)[:2] == ({}, 200)
    assert server.last.target == "/v2.1/x"
    assert client.configuration.host == "http://127.0.0.1:9/v2.1"


def test_models_can_be_converted_to_json_values() -> None:
    model = ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", description=None)
    assert ubiops.ApiClient().sanitize_for_serialization([model]) == [
        {"name": "d", "input_type": "plain", "output_type": "plain"}
    ]


# --- files ----------------------------------------------------------------------------


def test_a_download_is_saved_under_the_servers_name(
    client: ubiops.ApiClient, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server.body = b"PK" * 1000
    server.headers = {"Content-Disposition": 'attachment; filename="../code.zip"'}
    api = ubiops.CoreApi(client)
    path = api.revisions_file_download("p", "d", "r", "v", _preload_content=True)
    assert path == str(tmp_path / "code.zip")
    assert (tmp_path / "code.zip").read_bytes() == server.body
    client.configuration.temp_folder_path = str(tmp_path / "folder")
    with pytest.raises(ubiops.ApiValueError, match="can't be saved in"):
        api.revisions_file_download("p", "d", "r", "v", _preload_content=True)
    (tmp_path / "folder").mkdir()
    assert api.revisions_file_download("p", "d", "r", "v", _preload_content=True) == str(
        tmp_path / "folder" / "code.zip"
    )
    with api.revisions_file_download("p", "d", "r", "v") as response:
        assert response.getfilename() == "code.zip"
        assert response.save(tmp_path / "mine.zip") == str(tmp_path / "mine.zip")
    with api.revisions_file_download("p", "d", "r", "v") as response:
        assert response.save(tmp_path / "mine.zip", overwrite=True) == str(tmp_path / "mine.zip")
    assert sorted(p.name for p in tmp_path.rglob("*.zip")) == ["code.zip", "code.zip", "mine.zip"]


def test_an_upload_of_unknown_length_is_sent_in_chunks(client: ubiops.ApiClient, server: Server) -> None:
    class Stream:
        def __init__(self) -> None:
            self.left = [b"abc", b"def"]

        def read(self, amount: int) -> bytes:
            return self.left.pop(0) if self.left else b""

    server.status, server.body = 201, b'{"success": true, "revision": "r"}'
    created = ubiops.CoreApi(client).revisions_file_upload("p", "d", "v", file=Stream())  # type: ignore[call-overload]
    assert created.revision == "r"
    assert server.last.headers["Transfer-Encoding"] == "chunked"
    assert b"\r\n\r\nabcdef\r\n--" in server.last.body


def test_a_progress_bar_shows_the_progress_of_a_transfer(
    client: ubiops.ApiClient, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status, server.body = 201, b'{"success": true, "revision": "r"}'
    api = ubiops.CoreApi(client)
    api.revisions_file_upload("p", "d", "v", file=b"x" * 1_000_000, _progress_bar=True)
    assert "upload: 100%" in capsys.readouterr().err
    server.status, server.body = 200, b"x" * 1_000_000
    with api.revisions_file_download("p", "d", "r", "v", _progress_bar=True) as response:
        assert len(response.read()) == 1_000_000
    assert "download: 100%" in capsys.readouterr().err
