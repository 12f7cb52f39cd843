"""Any input gets a response that the API describes, and never an internal error."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ubiops.emulator import areas
from ubiops.emulator.core.description import load_description, operations
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.core.validation import JSON
from ubiops.emulator.routes import ROUTES

assert areas.MIGRATIONS
fuzzed = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SUPPORTED = [route for route in ROUTES if route.operation_id in HANDLERS]
ROUTES_WITH_BODY = [
    route for route in SUPPORTED if JSON in operations()[route.operation_id].get("requestBody", {}).get("content", {})
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
schemas = load_description()["components"]["schemas"]
FIELDS = sorted({name for schema in schemas.values() for name in schema.get("properties", ())})
PLAUSIBLE = st.sampled_from(
    [
        "d",
        "v1",
        "plain",
        "structured",
        "A",
        "python3-11",
        True,
        False,
        0,
        1,
        300,
        [],
        {},
        None,
        "f48b02d7-9e61-4a5c-b3d0-7c1e6a95f208",
    ]
)


def path_of(api: Any, route: Any, values: dict[str, str]) -> str:
    """Returns the path of a route, with these values for its parameters."""
    known = {"project_name": api.project.rpartition("/")[2], "deployment_name": "d", "version": "v1", **values}
    return re.sub(r"{(\w+)}", lambda found: quote(known.get(found[1], "x"), safe=""), route.path)


def send(api: Any, method: str, path: str, **options: Any) -> int:
    response = api.send(method, path, **options)
    assert response.status < 500, (method, path, options, response.data)
    assert response.status < 400 or list(response.data) == ["error"]
    return int(response.status)


def prepare(api: Any) -> None:
    if not api.ok("GET", f"{api.project}/deployments"):
        api.version(api.deployment())


@fuzzed
@given(
    route=st.sampled_from(ROUTES_WITH_BODY),
    body=st.dictionaries(st.sampled_from(FIELDS), PLAUSIBLE | VALUES, max_size=8) | VALUES,
)
def test_any_json_body(api: Any, route: Any, body: Any) -> None:
    prepare(api)
    headers = {"Content-Type": "application/json"}
    send(api, route.method, path_of(api, route, {}), body=json.dumps(body).encode(), headers=headers)


@fuzzed
@given(route=st.sampled_from(ROUTES_WITH_BODY), body=st.binary(max_size=200))
def test_any_bytes_as_json_body(api: Any, route: Any, body: bytes) -> None:
    prepare(api)
    send(api, route.method, path_of(api, route, {}), body=body, headers={"Content-Type": "application/json"})


@fuzzed
@given(
    route=st.sampled_from(SUPPORTED),
    values=st.dictionaries(
        st.sampled_from(["project_name", "deployment_name", "version", "id", "revision_id", "build_id"]),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    ),
)
def test_any_name_in_a_path(api: Any, route: Any, values: dict[str, str]) -> None:
    data = {} if route in ROUTES_WITH_BODY else None
    send(api, route.method, path_of(api, route, values), data=data)


@fuzzed
@given(path=st.binary(max_size=60), query=st.binary(max_size=60))
def test_any_path_and_query(api: Any, path: bytes, query: bytes) -> None:
    escaped = re.sub(rb"[^!-~]|[#?]", lambda found: b"%%%02X" % found[0][0], path).decode()
    escaped_query = re.sub(rb"[^!-~]|[#]", lambda found: b"%%%02X" % found[0][0], query).decode()
    prepare(api)
    for start in (f"{api.project}/deployments?", f"{api.project}/deployments/d/audit?", f"/{escaped}?", f"{escaped}?"):
        send(api, "GET", start + escaped_query)


LINES = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"",
        b"\r",
        b"\n",
        b"x" * 100,
        b'Content-Disposition: form-data; name="file"; filename="a.zip"',
        b'Content-Disposition: form-data; name="source_version"',
        b"Content-Disposition: form-data; name*0*=utf-8''fi; name*1=le",
        b"Content-Disposition: form-data; name=\"template_deployment_id\"; filename*=x'y'%zz",
        b"Content-Disposition: form-data; name",
        b"Content-Disposition:",
        b": a",
        b"7c5e2b90-6a1d-4f38-9d04-c1b8a3e7f562",
    ]
)


@fuzzed
@given(
    lines=st.lists(LINES | st.binary(max_size=20), max_size=12), boundary=st.sampled_from(["b", '"b"', "b; charset=x"])
)
def test_any_form(api: Any, lines: list[bytes], boundary: str) -> None:
    prepare(api)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    body = b"\r\n".join(lines)
    for content in (body, b"--b\r\n" + body + b"\r\n--b--\r\n"):
        send(api, "POST", f"{api.project}/deployments/d/versions/v1/revisions", body=content, headers=headers)


@fuzzed
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30))
def test_any_authorization(api: Any, header: str) -> None:
    assert send(
        api, "GET", "/template-deployments", headers={"Authorization": header.encode("latin-1")}, token=None
    ) in (200, 401)


@fuzzed
@given(content=st.binary(max_size=300), keep=st.integers(0, 300))
def test_any_package(api: Any, good: bytes, content: bytes, keep: int) -> None:
    prepare(api)
    version = f"{api.project}/deployments/d/versions/v1"
    for package in (content, good[:keep] + content + good[keep:], good[:keep] + content + good[keep + len(content) :]):
        revision = api.build(version, package)
        assert api.ok("GET", f"{version}/revisions/{revision}")["status"] in ("failed", "success")
