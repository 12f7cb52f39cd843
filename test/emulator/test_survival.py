"""Killing the emulator loses no acknowledged change and leaves none incomplete."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from killed import run_python, start_python

import ubiops.emulator

# Runs the same calls again and again, each time killed one step later. A step is an SQL
# statement or a call that writes to the disk. After each kill the folder is opened
# again and compared with what was acknowledged.
KILL_EVERYWHERE = """
import json, os, sys
from pathlib import Path
from killed import count_steps, kill_at_each_step
from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.core.backend import Backend
from ubiops.emulator.core.clock import Clock
from ubiops.emulator.core.context import RequestContext, UploadedFile
from ubiops.emulator.core.files import Files
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.core.settings import Settings
from ubiops.emulator.core.storage import Storage

PACKAGE = os.urandom(300_000)

def open_backend(folder):
    # A kill loses nothing that was given to the system. Waiting for the disk each time
    # would only take long.
    storage = Storage(folder / "emulator.sqlite3", MIGRATIONS, durable=False)
    files = Files(folder / "files")
    files.clean(storage.files())
    backend = Backend(Settings(), Clock(), storage, files)
    backend.services.append(RequestService(backend))
    return backend

def calls(backend):
    path = {"project_name": "p", "deployment_name": "d", "version": "v1"}
    def call(operation, body=None, file=None, **more):
        context = RequestContext(backend, "user", {**path, **more}, {}, body, file)
        return HANDLERS[operation].function(context)
    yield call("deployments_create", {"name": "d", "input_type": "plain", "output_type": "plain"})
    yield call("deployment_versions_create", {"version": "v1"})
    incoming = backend.files.create()
    for at in range(0, len(PACKAGE), 100_000):
        incoming.file.write(PACKAGE[at : at + 100_000])
    revision = call("revisions_file_upload", {}, UploadedFile("a.zip", incoming))["revision"]
    incoming.close()
    yield
    yield call("revisions_rebuild", {}, revision_id=revision)
    yield call("revisions_file_upload", {"source_deployment": "d", "source_version": "v1"})
    path_of_deployment = dict(path); del path["version"]
    yield call("deployment_environment_variables_create", {"name": "A", "value": "1", "secret": True})
    path.update(path_of_deployment)
    yield call("deployment_version_environment_variables_copy", {"source_deployment": "d"})
    yield call("deployments_update", {"name": "e"})
    path["deployment_name"] = "e"
    yield call("deployment_versions_delete")
    yield call("deployments_delete")

def count(backend):
    with backend.storage.reading() as db:
        tables = ("deployments", "versions", "revisions", "builds", "variables", "audit_events")
        counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
        names = [row[0] for row in db.execute("SELECT name FROM deployments")]
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for row in db.execute("SELECT file FROM revisions"):
            assert backend.files.path(row["file"]).read_bytes() == PACKAGE
    assert {path.name for path in backend.files.path("").iterdir()} == backend.storage.files()
    return [counts, names]

def run(folder, kill_at, acknowledge):
    step = count_steps(kill_at)
    backend = open_backend(folder)
    backend.storage._connection.set_trace_callback(step)
    for _ in calls(backend):
        acknowledge()

base = Path(sys.argv[1])
expected = []
(base / "whole").mkdir()
whole = open_backend(base / "whole")
expected.append(count(whole))
for _ in calls(whole):
    expected.append(count(whole))

def check(folder, acknowledged):
    found = count(open_backend(folder))
    assert found in expected[acknowledged : acknowledged + 2], (folder, acknowledged, found)

# Creating the tables each time would take most of the time.
(base / "empty").mkdir()
open_backend(base / "empty").storage.close()
result = kill_at_each_step(base / "empty", run, check)
print(json.dumps({**result, "calls": len(expected) - 1}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_a_kill_at_any_step_leaves_the_state_before_or_after_it(tmp_path: Path) -> None:
    done = run_python("-c", KILL_EVERYWHERE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["acknowledged"] == result["calls"] == 10
    assert result["kills"] > 80


def test_the_data_folder_of_a_killed_server_can_be_opened_again(data_dir: Path, api: Any, good: bytes) -> None:
    server = start_python("-m", "ubiops.emulator", "--data-dir", str(data_dir), "--token", "abc")
    assert server.stdout is not None
    with server:
        host = server.stdout.readline().split()[-1]
        client = type(api)(type("Running", (), {"host": host, "token": "Token abc"})())
        version = client.version(client.deployment())
        revision = client.upload(version, good)
        secret = client.variable(version, "A", "sesame", secret=True)
        before = [client.ok("GET", path) for path in (version, f"{version}/revisions", secret)]
        # During another upload.
        unfinished = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + b"x" * 2_000_000

        def body() -> Any:
            yield unfinished
            while not list((data_dir / "files").glob("*.part")):
                yield b"x" * 100_000
            server.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            server.wait()
            while True:
                yield b"x" * 1_000_000

        with pytest.raises(Exception):  # noqa: B017, PT011 - however the broken connection shows itself
            client.ok(
                "POST", f"{version}/revisions", body=body(), headers={"Content-Type": "multipart/form-data; boundary=b"}
            )
        client.pool.clear()
        server.stdout.read()
    assert list((data_dir / "files").glob("*.part"))
    with ubiops.emulator.start(data_dir=data_dir, tokens=["abc"]) as emulator:
        again = type(api)(emulator)
        emulator.clock.advance(3600)
        after = [again.ok("GET", path) for path in (version, f"{version}/revisions", secret)]
        assert [one["id"] for one in after[1]] == [revision]
        assert after[0]["status"] == "available"
        assert {**after[0], "status": None, "active_revision": None} == {
            **before[0],
            "status": None,
            "active_revision": None,
        }
        assert after[2] == before[2]
        assert again.send("GET", f"{version}/revisions/{revision}/download").data == good
        assert len(list((data_dir / "files").iterdir())) == 1
