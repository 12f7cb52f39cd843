"""Uploads stream to disk, are limited in size, and are cleaned up when they fail."""

from __future__ import annotations

import os
import socket
import tracemalloc
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import Emulator

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"
MEGABYTE = 1024 * 1024


def part(name: str, content: bytes = b"x", more: bytes = b"") -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), more, content)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that accepts files of up to a megabyte, with a known folder."""
    folder = tmp_path_factory.mktemp("data")
    with ubiops.emulator.start(maximum_file_size=MEGABYTE, data_dir=folder) as running:
        running.folder = folder / "files"  # type: ignore[attr-defined]
        yield running


@pytest.fixture
def limited(small: Emulator, api: Any, project_name: str) -> Any:
    """A client of the emulator, in a project of its own."""
    return type(api)(small, project_name)


@pytest.fixture
def path(limited: Any) -> str:
    """The path to upload to."""
    return limited.version(limited.deployment()) + "/revisions"


def test_memory_use_does_not_depend_on_the_size_of_a_file(api: Any) -> None:
    block, blocks = os.urandom(MEGABYTE), 128
    path = api.version(api.deployment()) + "/revisions"

    def body() -> Iterator[bytes]:
        yield HEAD
        for _ in range(blocks):
            yield block
        yield TAIL

    length = {"Content-Length": str(len(HEAD) + blocks * len(block) + len(TAIL))}
    tracemalloc.start()
    try:
        revision = api.ok("POST", path, body=body(), headers={**FORM, **length})["revision"]
        _, uploading = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        headers = {"Authorization": api.emulator.token}
        url = f"{api.emulator.host}{path}/{revision}/download"
        response = api.pool.request("GET", url, headers=headers, preload_content=False)
        received = sum(len(data) for data in response.stream(MEGABYTE))
        _, downloading = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received == blocks * len(block)
    assert uploading < 16 * MEGABYTE
    assert downloading < 16 * MEGABYTE


def test_a_file_of_unknown_length_is_accepted_in_chunks(api: Any, good: bytes) -> None:
    path = api.version(api.deployment()) + "/revisions"
    pieces = [bytes([byte]) for byte in HEAD + good + TAIL]
    revision = api.ok("POST", path, body=iter(pieces), headers=FORM)["revision"]
    assert api.send("GET", f"{path}/{revision}/download").data == good


@pytest.mark.parametrize("size", [MEGABYTE, MEGABYTE + 1, 2 * MEGABYTE + 1])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_size_of_a_file_is_limited(limited: Any, path: str, size: int, chunked: bool) -> None:
    content = HEAD + b"x" * size + TAIL
    body = iter([content[at : at + 65536] for at in range(0, len(content), 65536)]) if chunked else content
    response = limited.send("POST", path, body=body, headers=FORM)
    if size > MEGABYTE:
        assert (response.status, response.data) == (
            413,
            {"error": "The deployment file is larger than 1,048,576 bytes"},
        )
        assert limited.ok("GET", path) == []
    else:
        assert response.status == 201
    assert len(list(limited.emulator.folder.iterdir())) == limited.emulator._storage.files().__len__()


def test_a_file_announced_as_too_large_is_rejected_before_it_is_sent(limited: Any, path: str) -> None:
    with connect(limited, path, f"Content-Length: {10**12}\r\n") as connection:
        response = read_response(connection)
        assert (response.status, b"larger than" in response.read()) == (413, True)


def test_an_upload_to_an_unknown_version_is_rejected_before_it_is_sent(limited: Any, path: str) -> None:
    with connect(limited, path.replace("/v1/", "/v2/"), "Content-Length: 1000000\r\n") as connection:
        assert read_response(connection).status == 404


def test_the_limit_is_two_gigabytes(api: Any) -> None:
    assert api.emulator._backend.settings.maximum_file_size == 2 * 1024**3
    from ubiops.emulator.core.uploads import too_large

    assert too_large(2 * 1024**3).message == "The deployment file is larger than 2 GB"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "its end is missing"),
        (b"no form at all", "the form is malformed"),
        (HEAD, "its end is missing"),
        (HEAD + b"x" * 100, "its end is missing"),
        (HEAD + b"x\r\n--b", "its end is missing"),
        (b"--c\r\n\r\n--c--\r\n", "the form is malformed"),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "a part of the form has no name"),
        (b"--b\r\nContent-Disposition: attachment; name=file\r\n\r\nx\r\n--b--\r\n", "a part of the form has no name"),
        (part("file") + HEAD + b"y" + TAIL, "the form contains file more than once"),
        (part("source_version") * 2 + TAIL[2:], "the form contains source_version more than once"),
        (part("source_version", b"x" * 65537) + TAIL[2:], "source_version must have at most 65536 bytes"),
        (part("source_version", b"\xff") + TAIL[2:], "source_version is not valid UTF-8"),
        (b"".join(part(f"a{number}") for number in range(101)) + TAIL[2:], "more than 100 parts"),
        (b"--b\r\n" + b"A: b\r\n" * 10000 + b"\r\nx" + TAIL, "form"),
        *(
            (b"--b\r\nContent-Disposition: form-data; name=file; filename*=" + name + b"\r\n\r\nx" + TAIL, "invalid")
            for name in (b"idna''x.zip", b"undefined''x.zip", b"a%00b''x.zip")
        ),
        (b"--b\r\nA: " + b"b" * 100_000 + b"\r\n\r\nx" + TAIL, "form"),
    ],
)
def test_a_malformed_form_is_rejected_and_leaves_no_file(limited: Any, path: str, body: bytes, reason: str) -> None:
    before = set(limited.emulator.folder.iterdir())
    assert reason in limited.fails(400, "POST", path, body=body, headers=FORM)
    assert limited.ok("GET", path) == []
    assert set(limited.emulator.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("content_type", "status", "reason"),
    [
        ("application/json", 415, "multipart/form-data, not as application/json"),
        ("application/x-www-form-urlencoded", 415, "multipart/form-data"),
        ("", 415, "not without a type"),
        ("multipart/form-data", 400, "no boundary"),
        ("multipart/form-data; boundary=", 400, "no boundary"),
        ("multipart/form-data; boundary*=idna''B", 400, "invalid boundary"),
        ("multipart/form-data; boundary*=undefined''B", 400, "invalid boundary"),
        ("multipart/form-data; boundary*" + "1" * 5000 + "=B", 400, "invalid boundary|no boundary"),
        ("multipart/form-data; boundary=" + "b" * 5000, 400, "boundary|can't be read"),
    ],
)
def test_a_form_needs_its_content_type(limited: Any, path: str, content_type: str, status: int, reason: str) -> None:
    error = limited.fails(status, "POST", path, body=HEAD + TAIL, headers={"Content-Type": content_type})
    assert any(part in error for part in reason.split("|"))


def test_the_boundary_may_be_quoted_and_content_may_resemble_it(limited: Any, path: str) -> None:
    content = b"\r\n--b and more\r\n--\r\n-\r\r\n"
    body = b'--a b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + content + b"\r\n--a b--\r\n"
    headers = {"Content-Type": 'multipart/form-data; boundary="a b"'}
    revision = limited.ok("POST", path, body=body, headers=headers)["revision"]
    assert limited.send("GET", f"{path}/{revision}/download").data == content


def test_a_file_that_can_not_be_stored_is_reported_with_the_reason(api: Any, good: bytes, data_dir: Path) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        version = client.version(client.deployment())
        (data_dir / "files").rmdir()
        response = client.send("POST", f"{version}/revisions", fields={"file": ("a.zip", good)})
        assert response.data == {"error": "The emulator can't use its data folder: No such file or directory"}
        assert response.status == 507
        (data_dir / "files").mkdir()
        client.upload(version, good)


def test_an_interrupted_upload_leaves_no_file(limited: Any, path: str) -> None:
    folder: Path = limited.emulator.folder
    before = set(folder.iterdir())
    connection = connect(limited, path, "Content-Length: 1000000\r\n")
    connection.sendall(HEAD + b"x" * 600_000)
    connection.close()
    # The server notices the closed connection some time later.
    while set(folder.iterdir()) != before:
        limited.ok("GET", path)
    assert limited.ok("GET", path) == []


def read_response(connection: socket.socket) -> HTTPResponse:
    """Reads a response while the connection stays open."""
    response = HTTPResponse(connection)
    response.begin()
    return response


def connect(api: Any, path: str, headers: str) -> socket.socket:
    """Opens a connection and sends the headers of an upload."""
    host, _, port = api.origin.partition("//")[2].partition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    head = f"POST /v2.1{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Token x\r\n{headers}"
    connection.sendall(f"{head}Content-Type: {FORM['Content-Type']}\r\n\r\n".encode())
    return connection
