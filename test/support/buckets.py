"""A bucket on loopback: the operations of the API on files, and the storage behind
signed URLs, with faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from typing import Any
from urllib.parse import unquote

from scripted import Request, reply
from served import Served, path_of, query_of

FILES = re.compile(
    r"/v2\.1/projects/(?P<project>[^/]+)/buckets/(?P<bucket>[^/]+)/files(?:/(?P<file>[^/]+))?(?P<more>/.*)?"
)
XML = "Content-Type: application/xml"


def storage_error(status: int, code: str, message: str) -> bytes:
    """Returns an error as storages send it."""
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return reply(status, body.encode(), XML)


def etag_of(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


class Bucket(Served):
    """A server that is an API with one bucket, and its storage.

    Attributes:
        files: The content of the files by their names.
        faults: What to respond, once each, in place of the usual response, by kind:
            ``sign``, ``item``, ``list``, ``start``, ``complete``, ``put`` and ``get``.
            None stands for the usual response. A function is called with the
            connection, or, if it has ``by_request``, with the request.
        expired: The numbers of the signed URLs that the storage does not accept.
        headers: More headers of all downloads.
        ranges: Whether the storage supports ranges.
        provider: The provider.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Any]] = {}
        self.expired: set[int] = set()
        self.headers: list[str] = []
        self.ranges = True
        self.etags = True
        self.provider = "ubiops"
        self._handled: list[tuple[Request, str]] = []
        self.uploads: dict[str, dict[str, bytes]] = {}
        self.page = 1000
        self._signed = 0
        self._guard = threading.Lock()
        super().__init__(self._handle)

    def of_kind(self, kind: str) -> list[Request]:
        """Returns the requests of a kind."""
        return [request for request, seen in self._handled if seen == kind]

    @property
    def seen(self) -> list[str]:
        """The kinds of the requests, in the order in which they were handled."""
        return [kind for _, kind in self._handled]

    def _handle(self, request: Request) -> Any:
        found = FILES.fullmatch(path_of(request))
        with self._guard:
            kind = self._kind(request, found)
            self._handled.append((request, kind))
            faults = self.faults.get(kind)
            fault = faults.pop(0) if faults else None
        if fault is not None:
            return fault(request) if callable(fault) and getattr(fault, "by_request", False) else fault
        if kind in ("put", "get"):
            return self._store(kind, request)
        assert found is not None
        name = unquote(found["file"] or "")
        return getattr(self, f"_{kind}")(name, request)

    def _kind(self, request: Request, found: Any) -> str:
        if found is None:
            return request.method.lower()
        more = found["more"] or ""
        if found["file"] is None:
            return "list"
        if more == "/start-multipart-upload":
            return "start"
        if more == "/complete-multipart-upload":
            return "complete"
        return "item" if request.method == "GET" and not more else "sign"

    # --- the API ----------------------------------------------------------------------

    def _sign(self, name: str, request: Request) -> Any:
        query = query_of(request)
        if request.method == "GET" and name not in self.files:
            return reply(404, {"error": "no such file"})
        upload = query.get("upload_id", "")
        if upload and self.provider != "azure_blob_storage" and upload not in self.uploads:
            return reply(404, {"error": "no such upload"})
        with self._guard:
            self._signed += 1
            number = self._signed
        place = base64.urlsafe_b64encode(json.dumps([name, upload, query.get("part_number")]).encode()).decode()
        return {
            "url": f"{self.origin}/storage/{place}?number={number}&X-Amz-Signature=5ecret&sig=5ecret2",
            "provider": self.provider,
        }

    def _item(self, name: str, request: Request) -> Any:
        if name not in self.files:
            return reply(404, {"error": "no such file"})
        return {"file": name, "size": len(self.files[name]), "time_created": "2024-01-01T00:00:00Z"}

    def _list(self, name: str, request: Request) -> Any:
        query = query_of(request)
        names = sorted(one for one in self.files if one.startswith(query.get("prefix", "")))
        start = int(query.get("continuation_token", "0"))
        end = start + self.page
        return {
            "continuation_token": str(end) if end < len(names) else None,
            "files": [self._item(one, request) for one in names[start:end]],
            "prefixes": [],
        }

    def _start(self, name: str, request: Request) -> Any:
        if self.provider == "azure_blob_storage":
            self.uploads[name] = {}
            return {"upload_id": None, "provider": self.provider}
        upload = f"upload-{len(self.uploads) + 1}"
        self.uploads[upload] = {}
        return {"upload_id": upload, "provider": self.provider}

    def _complete(self, name: str, request: Request) -> Any:
        data = json.loads(request.body)
        azure = self.provider == "azure_blob_storage"
        upload = name if azure else data["upload_id"]
        if upload not in self.uploads:
            return reply(404, {"error": "no such upload"})
        parts = self.uploads[upload]
        content = b""
        for part in data["parts"]:
            key = part["BlockId"] if azure else str(part["PartNumber"])
            if key not in parts or (not azure and part["ETag"] != etag_of(parts[key])):
                return reply(400, {"error": f"part {key} is missing"})
            content += parts[key]
        del self.uploads[upload]
        self.files[name] = content
        return {"upload_id": None if azure else upload, "provider": self.provider}

    # --- the storage ------------------------------------------------------------------

    def _store(self, kind: str, request: Request) -> Any:
        assert "authorization" not in request.headers
        if int(query_of(request)["number"]) in self.expired:
            return storage_error(403, "AccessDenied", "Request has expired")
        name, upload, part = json.loads(base64.urlsafe_b64decode(path_of(request).rpartition("/")[2]))
        if kind == "put":
            if not upload:
                self.files[name] = request.body
            elif self.provider == "azure_blob_storage":
                self.uploads[name][upload] = request.body
            elif upload not in self.uploads:
                return storage_error(404, "NoSuchUpload", "The upload does not exist")
            else:
                self.uploads[upload][part] = request.body
            azure = self.provider == "azure_blob_storage"
            return reply(201 if azure else 200, b"", 'ETag: "0x8D"' if azure else f"ETag: {etag_of(request.body)}")
        data = self.files[name]
        headers = [*self.headers, "Content-Type: application/octet-stream"]
        if self.etags:
            headers.append(f"ETag: {etag_of(data)}")
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if wanted and self.ranges:
            start = int(wanted[1])
            if start >= len(data):
                return storage_error(416, "InvalidRange", "The range is not satisfiable")
            headers.append(f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}")
            return reply(206, data[start:], *headers)
        return reply(200, data, *headers)


def cut(data: bytes, sent: int, *headers: str, start: int = 0) -> Any:
    """Sends the first bytes of a file, and closes the connection."""
    lines = [f"ETag: {etag_of(data)}", *headers]
    if start:
        lines.append(f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}")
    response = reply(206 if start else 200, data[start:], *lines)
    head = response[: len(response) - len(data[start:])]

    def step(peer: Any) -> None:
        peer.send(head + data[start : start + sent])
        peer.close()

    return step
