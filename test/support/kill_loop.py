"""Kills an emulator again and again while clients use it, and checks what is left.

``PYTHONPATH=.:test/support python -m kill_loop --seconds 300`` runs it for that long.
The clients send direct and batch requests to code and to a pipeline, cancel requests,
and upload files through signed URLs, in one piece and in parts. After each kill the
emulator is started again. Then:

- every acknowledged batch request exists, and ends with the right result, unless its
  cancellation was asked for;
- every file has the content that was acknowledged last, or that was being uploaded;
- no unfinished file is left in the data folder.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from pipes import attach, fields
from typing import Any

import urllib3

ROOT = Path(__file__).resolve().parent.parent.parent
X = fields(x="int")
STRUCTURED = {"input_type": "structured", "input_fields": X, "output_type": "structured", "output_fields": X}
CODE = """
import time

class Deployment:
    def request(self, data):
        time.sleep(data["x"] % 7 / 1000)
        return {"x": data["x"] * 2}
"""
FILES = 6
PATIENCE = 120
"""Seconds that requests may take to end after a start."""


class Broken(Exception):
    """The emulator was killed, so a call has no response."""


class Client:
    """Calls of an emulator in the project p."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._pool = urllib3.PoolManager(maxsize=8, retries=False, timeout=60)

    def ok(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        """Returns the response to a call that must succeed, if there is one."""
        status, content = self.send(method, path, data, **options)
        assert status < 300, (method, path, status, content[:300])
        return json.loads(content) if content else None

    def send(self, method: str, path: str, data: Any = None, **options: Any) -> tuple[int, bytes]:
        headers = {"Authorization": "Token x"}
        if data is not None:
            headers["Content-Type"] = "application/json"
            options["body"] = json.dumps(data).encode()
        url = path if path.startswith("http") else f"{self.origin}/v2.1/projects/p{path}"
        try:
            response = self._pool.request(method, url, headers=headers, **options)
        except urllib3.exceptions.HTTPError as error:
            raise Broken from error
        return response.status, response.data

    def close(self) -> None:
        self._pool.clear()


class Running:
    """An emulator in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "ubiops.emulator", "--port", str(port), "--data-dir", str(folder)]
        self._process = subprocess.Popen(
            [*command, "--build-seconds", "0", "0", "0"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self._process.stdout.readline()
        self.client = Client(f"http://127.0.0.1:{port}")

    def kill(self) -> None:
        self._process.kill()
        self._end()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._end()

    def _end(self) -> None:
        self._process.communicate(timeout=60)
        self.client.close()


class Ledger:
    """What was acknowledged, and what was asked for without a response.

    Attributes:
        waiting: The inputs of acknowledged batch requests that have not been checked
            yet, by the path of their requests and their id.
        cancelled: Those whose cancellation was asked for.
        stored: The digests of the contents that a file may have.
        counts: How much was acknowledged.
    """

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], int] = {}
        self.cancelled: set[str] = set()
        self.stored: dict[str, set[str | None]] = {f"file-{number}": {None} for number in range(FILES)}
        self.counts: dict[str, int] = {}
        self._calls = threading.Semaphore(0)

    def count(self, what: str, number: int = 1) -> None:
        """Counts what a call acknowledged. Each kind belongs to one thread."""
        self.counts[what] = self.counts.get(what, 0) + number
        self._calls.release()

    def wait(self, calls: int) -> None:
        """Waits until so many more calls have been acknowledged."""
        for _ in range(calls):
            assert self._calls.acquire(timeout=PATIENCE), "the emulator does not respond"


class Loop:
    """One data folder, and what its emulators have acknowledged.

    Args:
        folder: A folder that does not exist yet.
        seed: Decides what the clients do, and when the emulator is killed.
    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self.ledger = Ledger()
        self.kills = 0

    def prepare(self) -> None:
        """Uploads code and makes a pipeline of it."""
        running = Running(self._folder)
        client = running.client
        client.ok("POST", "/deployments", {"name": "d", **STRUCTURED})
        version = {"version": "v1", "restart_request_interruption": True, "maximum_instances": 1}
        client.ok("POST", "/deployments/d/versions", version)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("deployment.py", CODE)
        client.ok("POST", "/deployments/d/versions/v1/revisions", fields={"file": ("a.zip", package.getvalue())})
        client.ok("POST", "/pipelines", {"name": "q", **STRUCTURED})
        attachments = [attach("d", ("pipeline_start", "x")), attach("pipeline_end", ("d", "x"))]
        objects = [{"name": "d", "reference_name": "d", "version": "v1"}]
        client.ok("POST", "/pipelines/q/versions", {"version": "v1", "objects": objects, "attachments": attachments})
        running.stop()

    def round(self, calls: int = 60) -> None:
        """Uses an emulator, kills it, starts it again and checks everything.

        Args:
            calls: How many calls are acknowledged at most before the kill.
        """
        running = Running(self._folder)
        works = (self._send_direct, self._send_batches, self._send_to_pipeline, self._put_files, self._put_parts)
        failures: list[BaseException] = []
        threads = [
            threading.Thread(target=self._work, args=(work, running.client, self._random.random(), failures))
            for work in works
        ]
        for thread in threads:
            thread.start()
        self.ledger.wait(self._random.randint(1, calls))
        time.sleep(self._random.uniform(0, 0.02))
        running.kill()
        self.kills += 1
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        running = Running(self._folder)
        left = [path.name for path in (self._folder / "files").iterdir() if path.suffix == ".part"]
        assert not left, left
        self._check_files(running.client)
        self._check_requests(running.client)
        running.stop()

    def check_folder(self) -> None:
        """Checks the database, and that all files belong to something."""
        from ubiops.emulator.areas import MIGRATIONS
        from ubiops.emulator.core.storage import Storage

        with contextlib.closing(sqlite3.connect(self._folder / "emulator.sqlite3")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        with contextlib.closing(Storage(self._folder / "emulator.sqlite3", MIGRATIONS)) as storage:
            # Rows without a file have None.
            known = {name for name in storage.files() if name}
        assert {path.name for path in (self._folder / "files").iterdir()} == known

    def _work(self, work: Any, client: Client, seed: float, failures: list[BaseException]) -> None:
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        try:
            while True:
                work(client, chance)
        except Broken:
            pass
        except BaseException as error:
            failures.append(error)

    def _send_direct(self, client: Client, chance: random.Random) -> None:
        number = chance.randrange(10**6)
        found = client.ok("POST", "/deployments/d/requests", {"x": number})
        assert found["result"] == {"x": number * 2}, found
        self.ledger.count("direct")

    def _send_batches(self, client: Client, chance: random.Random) -> None:
        path = "/deployments/d/requests"
        ids = self._send_batch(client, chance, path)
        if chance.random() < 0.5:
            cancelled = ids[: len(ids) // 2 + 1]
            self.ledger.cancelled.update(cancelled)
            status, text = client.send("POST", f"{path}/cancel", cancelled)
            assert status < 300 or (status == 400 and b"has ended" in text), (status, text)
            self.ledger.count("cancelled", len(cancelled) if status < 300 else 0)

    def _send_to_pipeline(self, client: Client, chance: random.Random) -> None:
        self._send_batch(client, chance, "/pipelines/q/requests")

    def _send_batch(self, client: Client, chance: random.Random, path: str) -> list[str]:
        numbers = [chance.randrange(10**6) for _ in range(chance.randint(1, 12))]
        ids = [one["id"] for one in client.ok("POST", f"{path}/batch", [{"x": number} for number in numbers])]
        self.ledger.waiting.update({(path, one): number for one, number in zip(ids, numbers)})
        self.ledger.count("batch" if "deployments" in path else "pipeline", len(ids))
        return ids

    def _put_files(self, client: Client, chance: random.Random) -> None:
        name = f"file-{chance.randrange(FILES // 2)}"
        content = chance.randbytes(chance.choice((100, 50_000, 3_000_000)))
        url = client.ok("POST", f"/buckets/default/files/{name}")["url"]
        with self._storing(name, content):
            self._put(client, url, content)
        self.ledger.count("file")

    def _put_parts(self, client: Client, chance: random.Random) -> None:
        name = f"file-{chance.randrange(FILES // 2, FILES)}"
        path = f"/buckets/default/files/{name}"
        upload = client.ok("POST", f"{path}/start-multipart-upload")["upload_id"]
        parts, contents = [], [chance.randbytes(chance.choice((10, 400_000))) for _ in range(3)]
        for number, content in enumerate(contents, 1):
            url = client.ok("POST", f"{path}?upload_id={upload}&part_number={number}")["url"]
            self._put(client, url, content)
            parts.append({"ETag": hashlib.md5(content).hexdigest(), "PartNumber": number})  # noqa: S324 - an ETag
        with self._storing(name, b"".join(contents)):
            client.ok("POST", f"{path}/complete-multipart-upload", {"upload_id": upload, "parts": parts})
        self.ledger.count("multipart file")

    @contextlib.contextmanager
    def _storing(self, name: str, content: bytes) -> Any:
        """Adds a content to those a file may have; in the end it is the only one."""
        digest = hashlib.sha256(content).hexdigest()
        self.ledger.stored[name].add(digest)
        yield
        self.ledger.stored[name] = {digest}

    def _put(self, client: Client, url: str, content: bytes) -> None:
        status, text = client.send("PUT", url, body=content)
        assert status == 200, (status, text)

    def _check_files(self, client: Client) -> None:
        for name, allowed in self.ledger.stored.items():
            path = f"/buckets/default/files/{name}"
            status, _ = client.send("GET", path)
            digest = None
            if status != 404:
                content = client.send("GET", client.ok("GET", f"{path}/download")["url"])[1]
                digest = hashlib.sha256(content).hexdigest()
            assert digest in allowed, (name, digest, allowed)
            self.ledger.stored[name] = {digest}

    def _check_requests(self, client: Client) -> None:
        until = time.monotonic() + PATIENCE
        waiting = self.ledger.waiting
        while waiting:
            path = next(iter(waiting))[0]
            ids = [one for where, one in waiting if where == path][:250]
            # A request that is missing makes this fail.
            found = client.ok("POST", f"{path}/collect", ids)
            assert sorted(one["id"] for one in found) == sorted(ids)
            ended = [one for one in found if one["status"] in ("completed", "failed", "cancelled")]
            for one in ended:
                number = waiting.pop((path, one["id"]))
                if one["status"] != "cancelled" or one["id"] not in self.ledger.cancelled:
                    assert (one["status"], one["result"]) == ("completed", {"x": number * 2}), one
            self.ledger.count("checked", len(ended))
            assert time.monotonic() < until, f"{len(waiting)} requests have not ended"
            if len(ended) < len(found):
                time.sleep(0.02)


def main() -> None:
    """Runs the loop for some time and prints what was checked."""
    parser = argparse.ArgumentParser(prog="python -m kill_loop", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(Path(folder) / "data", options.seed)
        loop.prepare()
        until = time.monotonic() + options.seconds
        while time.monotonic() < until:
            loop.round()
        loop.check_folder()
    print(f"{loop.kills} kills; acknowledged and checked:", json.dumps(loop.ledger.counts))


if __name__ == "__main__":
    main()
