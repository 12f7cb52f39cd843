"""A kill loses no file that was acknowledged and leaves none half done."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from killed import run_python, start_python

import ubiops.emulator

# Runs the same transfers again and again, each time killed one step later. A step is an
# SQL statement or a call that writes to the disk.
KILL_EVERYWHERE = """
import json, sys
from pathlib import Path
from killed import count_steps, kill_at_each_step
from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.areas.files import multipart, transfers
from ubiops.emulator.areas.files.signing import signed_url
from ubiops.emulator.areas.files.store import BucketStore
from ubiops.emulator.core.backend import Backend
from ubiops.emulator.core.clock import Clock
from ubiops.emulator.core.context import RequestContext, UploadedFile
from ubiops.emulator.core.files import Files
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.core.settings import Settings
from ubiops.emulator.core.storage import Storage
from urllib.parse import parse_qsl, urlsplit
from hashlib import md5

def open_backend(folder):
    storage = Storage(folder / "emulator.sqlite3", MIGRATIONS, durable=False)
    files = Files(folder / "files")
    files.clean(storage.files())
    return Backend(Settings(), Clock(), storage, files, address="http://127.0.0.1:1")

def calls(backend, source):
    path = {"project_name": "p", "bucket_name": "default", "file": "f"}
    def call(operation, body=None, query=None):
        return HANDLERS[operation].function(RequestContext(backend, "user", path, query or {}, body))
    def put(content, **query):
        query = dict(parse_qsl(urlsplit(call("files_upload", query=query)["url"]).query))
        with backend.files.create(".bin") as incoming:
            incoming.file.write(content)
            file = UploadedFile("", incoming, len(content), md5(content).digest())
            return transfers.receive(RequestContext(backend, "user", path, query, None, file)).headers["ETag"]
    yield put(b"first")
    yield put(b"second")
    upload = call("files_start_multipart_upload")["upload_id"]
    yield
    parts = []
    for number in (1, 2):
        parts.append({"ETag": put(b"part", upload_id=upload, part_number=str(number)), "PartNumber": number})
        yield
    yield call("files_complete_multipart_upload", {"upload_id": upload, "parts": parts})
    yield BucketStore(backend.storage, backend.files, backend.clock).put("p", "default", "g", source)
    yield call("files_delete")

def state(backend):
    with backend.storage.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        rows = db.execute("SELECT * FROM bucket_files ORDER BY name").fetchall()
        parts = db.execute("SELECT file FROM upload_parts ORDER BY number").fetchall()
        uploads = db.execute("SELECT count(*) FROM uploads").fetchone()[0]
    assert {path.name for path in backend.files.path("").iterdir()} == backend.storage.files()
    contents = [(row["name"], backend.files.path(row["file"]).read_text()) for row in rows]
    return [contents, [backend.files.path(row["file"]).read_text() for row in parts], uploads]

def run(folder, kill_at, acknowledge):
    step = count_steps(kill_at)
    backend = open_backend(folder)
    backend.storage._connection.set_trace_callback(step)
    for _ in calls(backend, source):
        acknowledge()

base = Path(sys.argv[1])
source = base / "source"
source.write_text("from the code")
(base / "whole").mkdir()
whole = open_backend(base / "whole")
expected = [state(whole)]
for _ in calls(whole, source):
    expected.append(state(whole))
# Creating the tables each time would take most of the time.
(base / "empty").mkdir()
open_backend(base / "empty").storage.close()

def check(folder, acknowledged):
    found = state(open_backend(folder))
    assert found in expected[acknowledged : acknowledged + 2], (folder, acknowledged, found)

result = kill_at_each_step(base / "empty", run, check)
print(json.dumps({**result, "last": expected[-1]}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_a_kill_at_any_step_leaves_the_files_before_or_after_it(tmp_path: Path) -> None:
    done = run_python("-c", KILL_EVERYWHERE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["acknowledged"] == 8
    assert result["kills"] > 80
    assert result["last"] == [[["g", "from the code"]], [], 0]


def test_a_kill_during_an_upload_leaves_the_old_file(data_dir: Path, api: Any) -> None:
    server = start_python("-m", "ubiops.emulator", "--data-dir", str(data_dir))
    assert server.stdout is not None
    with server:
        host = server.stdout.readline().split()[-1]
        client = type(api)(type("Running", (), {"host": host, "token": "Token abc"})())
        path = f"{client.project}/buckets/default/files/file"
        client.pool.request("PUT", client.ok("POST", path)["url"], body=b"old")
        url = client.ok("POST", path)["url"]

        def body() -> Any:
            yield b"x" * 2_000_000
            while not list((data_dir / "files").glob("*.part")):
                yield b"x" * 100_000
            server.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            server.wait()
            while True:
                yield b"x" * 1_000_000

        with pytest.raises(Exception):  # noqa: B017, PT011 - however the broken connection shows itself
            client.pool.request("PUT", url, body=body())
        client.pool.clear()
        server.stdout.read()
    assert list((data_dir / "files").glob("*.part"))
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        again = type(api)(emulator)
        assert again.ok("GET", path)["size"] == 3
        assert again.pool.request("GET", again.ok("GET", f"{path}/download")["url"]).data == b"old"
        assert len(list((data_dir / "files").iterdir())) == 1
        again.pool.clear()
