"""A server that responds to each operation with the example of the description, and
refuses all other requests.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from generator.build_ir import build_ir
from generator.ir_api import Api, Operation
from generator.load import load

ROOT = Path(__file__).resolve().parent.parent.parent


class Reply(NamedTuple):
    """A route, and what it responds."""

    method: str
    path: re.Pattern[str]
    status: int
    body: bytes
    media_type: str


def read_api() -> Api:
    return build_ir(load(ROOT / "openapi" / "openapi.yaml"))


def replies(api: Api) -> list[Reply]:
    """The replies, in the order in which they are matched."""
    operations = api.operations
    return [
        Reply(
            route.method,
            re.compile("/v2.1" + re.sub(r"{\w+}", "[^/]+", route.path)),
            route.status,
            body(operations[route.operation_id][1]),
            "text/event-stream" if operations[route.operation_id][1].streams else "application/json",
        )
        for route in api.routes
    ]


def body(operation: Operation) -> bytes:
    success = operation.success
    if success.type is None:
        return b""
    example = success.examples[0].value
    return str(example).encode() if operation.downloads or operation.streams else json.dumps(example).encode()


def example_files(api: Api) -> Iterator[str]:
    """The names of the files that examples send."""
    for _, operation in api.operations.values():
        for example in operation.body.examples if operation.body else ():
            if operation.data and operation.data.type and operation.data.type.kind == "file":
                yield str(example.value)
            yield from (str(example.value[file.name]) for file in operation.files if file.name in example.value)


@contextmanager
def running(api: Api) -> Iterator[str]:
    """Runs the server, and gives its address."""
    known = replies(api)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            found = next((one for one in known if one.method == self.command and one.path.fullmatch(path)), None)
            missing = Reply("", re.compile(""), 404, b'{"error": "no such operation"}', "application/json")
            _, _, status, content, media_type = found or missing
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = reply

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
