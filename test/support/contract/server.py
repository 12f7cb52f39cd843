"""A server that responds to each operation with its examples, and rejects whatever the
description does not allow."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from contract import checks, values
from contract.operations import GENERATIONS, JSON, Contract, find

SCHEMA = "the schema"
NULLS = "the schema, with null"
"""Names of responses that are derived from the schema, beside those of examples."""


class Call(NamedTuple):
    """A request that kept to the description."""

    operation_id: str
    generation: str
    path: dict[str, str]
    query: str
    headers: dict[str, str]
    body: bytes


class ContractServer:
    """The server, for both generations of the API.

    Args:
        official: Whether to accept what official clients send beyond the description: a
            token where none is needed, and a header Accept without the media type.

    Attributes:
        calls: The requests that kept to the description.
        chosen: The name of the response of an operation; the first one by default.
    """

    def __init__(self, *, official: bool = False) -> None:
        self.official = official
        self.calls: list[Call] = []
        self.chosen: dict[str, str] = {}
        handler = type("Handler", (_Handler,), {"contract_server": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def host(self, generation: str) -> str:
        """Returns the address of a generation of the API."""
        return f"{self.origin}/{generation}"

    def __enter__(self) -> ContractServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def responses(contract: Contract) -> dict[str, Any]:
    """Returns the responses of an operation by name: values of JSON, or texts."""
    if contract.response is None:
        return {"nothing": None}
    media_type, media = contract.response
    derived = {SCHEMA: values.full(media.schema), NULLS: values.nulls(media.schema)} if media_type == JSON else {}
    return {**media.examples, **derived}


def content_of(contract: Contract, value: Any) -> bytes:
    """Returns the body of a response."""
    if contract.response is None:
        return b""
    return json.dumps(value).encode() if contract.response[0] == JSON else str(value).encode()


class _Handler(BaseHTTPRequestHandler):
    contract_server: ContractServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Buffered, so that a response is one write.
    wbufsize = 1 << 16

    def handle_request(self) -> None:
        body = self._read_body()
        target, _, query = self.path.partition("?")
        _, _, rest = target.partition("/")
        generation, _, path = rest.partition("/")
        if generation not in GENERATIONS:
            self._fail(404, f"the path begins with neither of {', '.join(GENERATIONS)}")
            return
        try:
            found = find(generation, self.command, path)
        except UnicodeDecodeError:
            found = f"the path {target} is not UTF-8"
        if isinstance(found, str):
            self._fail(404, found)
            return
        contract, place = found
        headers = {name.lower(): value for name, value in self.headers.items()}
        reasons = checks.check(contract, place, query, headers, body, official=self.contract_server.official)
        if reasons:
            self._fail(400, "; ".join(reasons))
            return
        self.contract_server.calls.append(Call(contract.operation_id, generation, place, query, headers, body))
        known = responses(contract)
        value = known[self.contract_server.chosen.get(contract.operation_id, next(iter(known)))]
        self._send(
            contract.status, content_of(contract, value), contract.response and contract.response[0], contract.headers
        )

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_request

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        blocks = []
        while size := int(self.rfile.readline().strip(), 16):
            blocks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(blocks)

    def _fail(self, status: int, reason: str) -> None:
        self._send(status, json.dumps({"error": reason}).encode(), JSON, {})

    def _send(self, status: int, content: bytes, media_type: str | None, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if media_type is not None:
            self.send_header("Content-Type", media_type)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Nothing is logged."""
