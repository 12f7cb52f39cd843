"""What areas do to each other: deletions, new names and resets while code runs."""

from __future__ import annotations

import queue
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator.areas.deployment_requests.events import RequestEvent

from .conftest import Api, pack

X = [{"name": "x", "data_type": "int"}]
STRUCTURED = {"input_type": "structured", "input_fields": X, "output_type": "structured", "output_fields": X}
ECHO = """
class Deployment:
    def request(self, data):
        return data
"""
WAIT = """
import os
import time

class Deployment:
    def request(self, data):
        open("out.txt", "w").close()
        while not os.path.exists(data):
            time.sleep(0.01)
        return {"file": "out.txt"}
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[ubiops.emulator.Emulator]:
    """An emulator that runs code."""
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as running:
        yield running


@pytest.fixture
def running(emulator: ubiops.emulator.Emulator, project_name: str) -> Iterator[Api]:
    """A client of the emulator, in a project of its own."""
    api = Api(emulator, project_name)
    yield api
    api.pool.clear()


def deploy(api: Any, code: str, name: str = "d", **settings: Any) -> str:
    deployment: str = api.deployment(name, **settings)
    api.upload(api.version(deployment), pack({"deployment.py": textwrap.dedent(code)}))
    return deployment


def pipeline(api: Any) -> str:
    """Creates a pipeline of one deployment, and returns its path."""
    deploy(api, ECHO, "add", **STRUCTURED)
    path = f"{api.project}/pipelines/p"
    api.ok("POST", f"{api.project}/pipelines", {"name": "p", **STRUCTURED})
    mapping = [{"source_field_name": "x", "destination_field_name": "x"}]
    attachments = [
        {"destination_name": to, "sources": [{"source_name": source, "mapping": mapping}]}
        for source, to in (("pipeline_start", "a"), ("a", "pipeline_end"))
    ]
    objects = [{"name": "a", "reference_name": "add"}]
    for version in ("v1", "v2"):
        body = {"version": version, "objects": objects, "attachments": attachments}
        api.ok("POST", f"{path}/versions", body)
    return path


def test_a_project_with_pipelines_and_batch_requests_is_deleted(running: Api) -> None:
    path = pipeline(running)
    running.ok("POST", f"{path}/requests/batch", [{"x": 1}] * 3)
    running.ok("POST", f"{running.project}/deployments/add/requests/batch", [{"x": 1}] * 3)
    assert running.send("DELETE", running.project).status == 204
    running.fails(404, "GET", running.project)
    for what in ("deployments", "pipelines"):
        assert running.ok("GET", f"{running.project}/{what}") == []
    with running.emulator._storage.reading() as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_default_version_of_a_pipeline_can_be_set(running: Api) -> None:
    path = pipeline(running)
    assert running.ok("GET", path)["default_version"] == "v1"
    assert running.ok("PATCH", path, {"default_version": "v2"})["default_version"] == "v2"
    assert running.ok("POST", f"{path}/requests", {"x": 1})["version"] == "v2"
    assert "Pipeline version was not found" in running.fails(404, "PATCH", path, {"default_version": "v3"})
    assert running.ok("GET", path)["default_version"] == "v2"


def test_a_file_of_a_request_follows_the_new_name_of_its_project(
    running: Api, events: queue.Queue[RequestEvent], tmp_path: Any
) -> None:
    fields: Any = {"output_type": "structured", "output_fields": [{"name": "file", "data_type": "file"}]}
    deployment = deploy(running, WAIT, **fields)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(running.ok, "POST", f"{deployment}/requests", str(tmp_path / "go on"))
        while events.get(timeout=60).kind != "started":
            pass
        new = f"{running.project.rpartition('/')[2]}-new"
        running.ok("PATCH", running.project, {"name": new})
        (tmp_path / "go on").touch()
        uri = sent.result()["result"]["file"]
    name = uri[len("ubiops-file://default/") :]
    listed = running.ok("GET", f"/projects/{new}/buckets/default/files")["files"]
    assert [one["file"] for one in listed] == [name]
    with running.emulator._storage.reading() as db:
        assert not db.execute("SELECT 1 FROM buckets WHERE project = ?", (new.removesuffix("-new"),)).fetchall()


@pytest.mark.parametrize("kind", ["deployments", "pipelines"])
def test_a_date_of_a_response_finds_the_same_request(running: Api, kind: str) -> None:
    pipeline(running)
    requests = f"{running.project}/{kind}/{'add' if kind == 'deployments' else 'p'}/requests"
    for _ in range(20):
        sent = running.ok("POST", requests, {"x": 1})["id"]
        date = running.ok("GET", f"{requests}/{sent}")["time_created"]
        for name in ("start_date", "end_date"):
            assert sent in [one["id"] for one in running.ok("GET", f"{requests}?{name}={date}")], date
