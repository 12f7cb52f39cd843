"""An emulator with a frozen clock, and a client that validates every response."""

from __future__ import annotations

import io
import json
import queue
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from pipes import Pipes
from typing import Any, NamedTuple

import pytest
import urllib3
from jsonschema import Draft202012Validator, FormatChecker
from thread_runner import ThreadRunner, provided

import ubiops.emulator
from ubiops.emulator import Emulator
from ubiops.emulator.areas.deployment_requests.events import RequestEvent, observers
from ubiops.emulator.core.description import expand, load_description
from ubiops.emulator.routes import ROUTES

PLAIN = {"input_type": "plain", "output_type": "plain"}
CODE = """
class Deployment:
    def __init__(self, base_directory, context):
        pass

    def request(self, data):
        return data
"""

_formats = FormatChecker(formats=["uuid"])


@_formats.checks("date-time", raises=ValueError)
def is_date(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None


def strict(schema: Any) -> Any:
    """Returns a schema that allows no other fields than those that it names."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


class Documented(NamedTuple):
    """An operation of the description: its responses by status and media type."""

    method: str
    pattern: re.Pattern[str]
    operation_id: str
    responses: dict[int, dict[str, Draft202012Validator | None]]


def documented() -> list[Documented]:
    document = load_description()
    found = []
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        responses: dict[int, dict[str, Draft202012Validator | None]] = {}
        for status, response in expand(operation["responses"], document).items():
            responses[int(status)] = {
                media_type: Draft202012Validator(strict(content["schema"]), format_checker=_formats)
                if media_type == "application/json"
                else None
                for media_type, content in response.get("content", {}).items()
            }
        pattern = re.compile("/v2(?:.1)?" + re.sub(r"{\w+}", "[^/]+", route.path))
        found.append(Documented(route.method, pattern, route.operation_id, responses))
    return found


class Response(NamedTuple):
    """A response."""

    status: int
    data: Any
    headers: Any
    operation_id: str | None


class Api:
    """Calls of an emulator, in a project of its own."""

    operations = documented()
    # How long each state of a build lasts by the emulator's clock.
    state = 10.0

    def __init__(self, emulator: Emulator, project: str = "project-1") -> None:
        self.emulator = emulator
        self.project = f"/projects/{project}"
        self.pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=60)
        self.origin = emulator.host[: -len("/v2.1")]

    def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        fields: dict[str, Any] | None = None,
        token: str | None = "",
    ) -> Response:
        """Sends a request and validates the response.

        The path may leave out the prefix.
        """
        sent = {"Authorization": self.emulator.token if token == "" else token} if token is not None else {}
        if data is not None:
            body = json.dumps(data).encode()
            sent["Content-Type"] = "application/json"
        path = path if path.startswith("/v2") else "/v2.1" + path
        options: dict[str, Any] = {"fields": fields} if fields is not None else {"body": body}
        response = self.pool.request(method, self.origin + path, headers={**sent, **(headers or {})}, **options)
        return self.check(method, path, response)

    def check(self, method: str, path: str, response: Any) -> Response:
        media_type = response.headers.get("content-type", "").partition(";")[0]
        data = json.loads(response.data) if media_type == "application/json" else response.data
        assert int(response.headers["x-ratelimit-limit"]) > int(response.headers["x-ratelimit-remaining"]) >= 0
        path = path.partition("?")[0]
        for operation in self.operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                # Every operation may respond with these; the description doesn't list
                # all of them.
                if response.status not in (400, 404, 405, 413, 415, 501, 507):
                    assert response.status in operation.responses, (operation.operation_id, response.status, data)
                forms = operation.responses.get(response.status, {})
                if forms:
                    assert media_type in forms
                    validator = forms[media_type]
                    if validator is not None:
                        validator.validate(data)
                elif response.status == 204:
                    assert response.data == b""
                return Response(response.status, data, response.headers, operation.operation_id)
        assert response.status >= 400
        return Response(response.status, data, response.headers, None)

    def ok(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        """Sends a request that must succeed and returns the data of the response."""
        response = self.send(method, path, data, **options)
        assert response.status < 300, (response.status, response.data)
        return response.data

    def fails(self, status: int, method: str, path: str, data: Any = None, **options: Any) -> str:
        """Sends a request that must fail with this status and returns the error."""
        response = self.send(method, path, data, **options)
        assert response.status == status, (response.status, response.data)
        assert list(response.data) == ["error"]
        error: str = response.data["error"]
        assert error
        return error

    def deployment(self, name: str = "d", **settings: Any) -> str:
        """Creates a deployment and returns its path."""
        self.ok("POST", f"{self.project}/deployments", {"name": name, **PLAIN, **settings})
        return f"{self.project}/deployments/{name}"

    def version(self, deployment: str, name: str = "v1", **settings: Any) -> str:
        """Creates a version and returns its path."""
        self.ok("POST", f"{deployment}/versions", {"version": name, **settings})
        return f"{deployment}/versions/{name}"

    def upload(self, version: str, package: bytes, name: str = "package.zip") -> str:
        """Uploads a package and returns the id of the revision."""
        response = self.ok("POST", f"{version}/revisions", fields={"file": (name, package, "application/zip")})
        assert response["success"] is True
        assert response["build"] == response["revision"]
        revision: str = response["revision"]
        return revision

    def build(self, version: str, package: bytes) -> str:
        """Uploads a package, finishes its build and returns the id of the revision."""
        revision = self.upload(version, package)
        self.emulator.clock.advance(3 * self.state)
        return revision

    def variable(self, owner: str, name: str, value: str = "1", secret: bool = False) -> str:
        """Creates an environment variable and returns its path."""
        data = {"name": name, "value": value, "secret": secret}
        created = self.ok("POST", f"{owner}/environment-variables", data)
        return f"{owner}/environment-variables/{created['id']}"


def pack(files: dict[str, str | bytes]) -> bytes:
    """Returns a zip file with these entries."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture(scope="session")
def stopped_emulator() -> Iterator[Emulator]:
    """An emulator whose clock runs only when a test advances it."""
    with ubiops.emulator.start(build_seconds=(Api.state, Api.state, Api.state)) as running, provided(running):
        running.clock.freeze()
        yield running


@pytest.fixture
def api(stopped_emulator: Emulator, project_name: str) -> Iterator[Api]:
    """A client of the emulator, in a project of its own."""
    client = Api(stopped_emulator, project_name)
    yield client
    client.pool.clear()


@pytest.fixture
def runner(stopped_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadRunner]:
    """A runner that calls functions of the test in place of uploaded code."""
    replacement = ThreadRunner()
    replacement.start()
    monkeypatch.setattr(stopped_emulator._backend, "runner", replacement)
    yield replacement
    replacement.stop()


@pytest.fixture
def built(api: Api, runner: ThreadRunner, good: bytes) -> Callable[..., str]:
    """Creates a deployment with a version v1 that is built, and returns its path."""

    def create(name: str = "d", version: dict[str, Any] | None = None, **settings: Any) -> str:
        deployment = api.deployment(name, **settings)
        api.build(api.version(deployment, **(version or {})), good)
        return deployment

    return create


@pytest.fixture
def pipes(api: Api, stopped_emulator: Emulator, good: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipes]:
    """Deployments with code of the test, and pipelines of them."""
    created = Pipes(api, stopped_emulator, good)
    created.runner.start()
    monkeypatch.setattr(stopped_emulator._backend, "runner", created.runner)
    yield created
    created.runner.stop()


@pytest.fixture
def zipped() -> Callable[[dict[str, str | bytes]], bytes]:
    """Creates zip files."""
    return pack


@pytest.fixture
def code() -> str:
    """Code of a valid deployment."""
    return CODE


@pytest.fixture
def good() -> bytes:
    """A package that builds."""
    return pack({"deployment_package/deployment.py": CODE})


@pytest.fixture
def bad() -> bytes:
    """A package whose build fails."""
    return pack({"deployment_package/readme.txt": "There is no code in here."})


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "some" / "data"


@pytest.fixture
def events(project_name: str) -> Iterator[queue.Queue[RequestEvent]]:
    """The events of requests in the test's project, or the project p of an emulator of
    its own. Requests of earlier tests may still end.
    """
    received: queue.Queue[RequestEvent] = queue.Queue()

    def receive(backend: Any, event: RequestEvent) -> None:
        if event.project in (project_name, "p"):
            received.put(event)

    observers.append(receive)
    yield received
    observers.remove(receive)
