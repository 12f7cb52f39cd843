"""Starts the emulator with its command, and measures what its user sees.

Run as a script by the benchmarks, in an environment with the packages of the emulator.
It reads commands from standard input, one line of JSON each, and writes a line of JSON
with what it measured. Calls are made with bare urllib3, so that the client adds little.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from time import perf_counter
from typing import Any

import urllib3

BLOCK = 1 << 18
BATCH = 250
LONGEST = 300
"""Seconds that a queue may take."""
HEADERS = {"Authorization": "Token of-the-benchmark"}
CODE = """
class Deployment:
    def request(self, data):
        return data
"""


class User:
    """A user of one emulator, in the project p."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=LONGEST)
        self._folder = tempfile.mkdtemp(prefix="emulator-", dir=os.curdir)
        self._process: subprocess.Popen[bytes] | None = None
        self._deployments = 0
        self._requests = ""

    def start(self) -> float:
        """Returns the seconds from the command to the first response."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._origin = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "ubiops.emulator", "--port", str(port), "--data-dir", self._folder]
        begun = perf_counter()
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while self._process.poll() is None and perf_counter() < begun + LONGEST:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.001)
        self._call("GET", "/deployments")
        return perf_counter() - begun

    def upload_code(self) -> float:
        """Returns the seconds from an upload to the response of its code."""
        self._deployments += 1
        path = f"/deployments/d{self._deployments}"
        names = {"name": path.rpartition("/")[2], "input_type": "structured", "output_type": "structured"}
        fields = [{"name": "number", "data_type": "int"}]
        self._call("POST", "/deployments", {**names, "input_fields": fields, "output_fields": fields})
        self._call("POST", f"{path}/versions", {"version": "v1", "maximum_instances": 1})
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("deployment.py", CODE)
        begun = perf_counter()
        url = f"{self._origin}/v2.1/projects/p{path}/versions/v1/revisions"
        response = self._pool.request(
            "POST", url, fields={"file": ("package.zip", package.getvalue())}, headers=HEADERS
        )
        _check(response)
        while self._call("GET", f"{path}/versions/v1")["status"] != "available":
            time.sleep(0.005)
        self._requests = f"{path}/requests"
        self._request()
        return perf_counter() - begun

    def direct(self, calls: int) -> float:
        """Returns the median of the seconds that a direct request takes."""
        self._request()
        taken = []
        for _ in range(calls):
            start = perf_counter()
            self._request()
            taken.append(perf_counter() - start)
        return statistics.median(taken)

    def clients(self, clients: int, calls: int) -> dict[str, float]:
        """Returns the requests per second of clients at once, and the slowest one."""
        ready = threading.Barrier(clients + 1)
        taken: list[float] = []

        def work() -> None:
            ready.wait()
            for _ in range(calls):
                start = perf_counter()
                self._request()
                taken.append(perf_counter() - start)

        threads = [threading.Thread(target=work) for _ in range(clients)]
        for thread in threads:
            thread.start()
        ready.wait()
        start = perf_counter()
        for thread in threads:
            thread.join()
        if len(taken) != clients * calls:
            raise RuntimeError(f"only {len(taken)} of {clients * calls} requests were answered")
        return {"rate": len(taken) / (perf_counter() - start), "slowest": max(taken)}

    def queue(self, count: int) -> dict[str, float]:
        """Returns how many batch requests are accepted and processed per second."""
        begun = perf_counter()
        waiting: list[str] = []
        for first in range(0, count, BATCH):
            batch = [{"number": first + index} for index in range(min(BATCH, count - first))]
            waiting += [one["id"] for one in self._call("POST", f"{self._requests}/batch", batch)]
        sent = count / (perf_counter() - begun)
        # The last ones are processed last.
        while self._call("GET", f"{self._requests}/{waiting[-1]}")["status"] != "completed":
            if perf_counter() > begun + LONGEST:
                raise RuntimeError("the queue did not drain in time")
            time.sleep(0.05)
        rate = count / (perf_counter() - begun)
        for first in range(0, count, BATCH):
            found = self._call("POST", f"{self._requests}/collect", waiting[first : first + BATCH])
            results = sorted(one["result"]["number"] for one in found)
            if results != list(range(first, first + len(found))):
                raise RuntimeError("requests got the results of others")
        return {"rate": rate, "sent": sent}

    def files(self, size: int) -> dict[str, float]:
        """Returns the bytes per second up and down, and the growth of memory."""
        path = "/buckets/default/files/file"
        self._put(path, 4096)
        self._get(path)
        before = self._peak_memory()
        start = perf_counter()
        self._put(path, size)
        up = size / (perf_counter() - start)
        start = perf_counter()
        received = self._get(path)
        down = size / (perf_counter() - start)
        if received != size:
            raise RuntimeError(f"{received} bytes arrived instead of {size}")
        return {"up": up, "down": down, "growth": self._peak_memory() - before}

    def close(self) -> None:
        """Stops the emulator."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _request(self) -> None:
        if self._call("POST", self._requests, {"number": 5})["result"] != {"number": 5}:
            raise RuntimeError("the code returned something else")

    def _put(self, path: str, size: int) -> None:
        block = bytes(BLOCK)

        def body() -> Any:
            for start in range(0, size, BLOCK):
                yield block[: size - start]

        url = self._call("POST", path)["url"]
        _check(self._pool.request("PUT", url, body=body(), headers={"Content-Length": str(size)}))

    def _get(self, path: str) -> int:
        response = self._pool.request("GET", self._call("GET", f"{path}/download")["url"], preload_content=False)
        received = sum(map(len, response.stream(BLOCK)))
        response.release_conn()
        return received

    def _call(self, method: str, path: str, data: Any = None) -> Any:
        headers = HEADERS if data is None else {**HEADERS, "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        url = f"{self._origin}/v2.1/projects/p{path}"
        response = self._pool.request(method, url, body=body, headers=headers)
        _check(response)
        return json.loads(response.data) if response.data else None

    def _peak_memory(self) -> int:
        try:
            with open(f"/proc/{self._process.pid if self._process else 0}/status") as status:
                return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
        except OSError:
            return 0


def _check(response: Any) -> None:
    if response.status >= 300:
        raise RuntimeError(f"the emulator responded with {response.status}: {response.data[:200]!r}")


def main() -> None:
    """Runs commands until standard input ends."""
    # Anything else that is printed goes to standard error, so that it does not mix with
    # the results.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    user = User()
    try:
        for line in sys.stdin:
            command = json.loads(line)
            result = getattr(user, command.pop("do"))(**command)
            print(json.dumps(result), file=results, flush=True)
    finally:
        user.close()


if __name__ == "__main__":
    main()
