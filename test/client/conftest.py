"""A server on loopback that records what it is sent and answers what it is told."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import ubiops

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Recorded:
    """A request as it arrived."""

    method: str
    target: str
    headers: Any
    body: bytes


@dataclass
class Server:
    """What to answer, and what has arrived."""

    host: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b"{}"
    requests: list[Recorded] = field(default_factory=list)

    @property
    def last(self) -> Recorded:
        return self.requests[-1]


@pytest.fixture
def server() -> Iterator[Server]:
    script = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.requests.append(Recorded(self.command, self.path, self.headers, body))
            self.send_response(script.status)
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            if self.command != "HEAD" and script.status != 204:
                self.wfile.write(script.body)

        def log_message(self, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            # A client that has read enough closes its connection, which is no error of the test.
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(request, client_address)

    httpd = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.host = f"http://127.0.0.1:{httpd.server_port}/v2.1"
    yield script
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[ubiops.ApiClient]:
    configuration = ubiops.Configuration(host=server.host, api_key={"Authorization": "Token of-the-test"}, proxy="")
    with ubiops.ApiClient(configuration, pool_threads=4) as made:
        yield made
