"""Files in buckets: transfers and the signed URLs that permit them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import urllib3
from bucket_files import at, error_of, fetch, put, stored

import ubiops.emulator

NAMES = [
    "a",
    "a b+c&d=e?f#g%25.csv",
    "folder/",
    "folder/ordner/größe.csv",
    "日本語/ファイル.txt",
    "😀",
    "a/../b",
    "/leading",
    "double//slash",
    "quote\"'<&>;",
    "line\nbreak",
    "x" * 1024,
]


@pytest.fixture
def files(api: Any) -> str:
    """The path of the files in the default bucket."""
    return f"{api.project}/buckets/default/files"


# Transfers


@pytest.mark.parametrize("name", NAMES)
def test_a_file_comes_back_as_it_was_sent(api: Any, files: str, name: str) -> None:
    content = bytes(range(256)) * 500
    sent = put(api, files, name, content)
    assert sent.headers["etag"] == f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
    shown = api.ok("GET", at(files, name))
    assert (shown["file"], shown["size"]) == (name, len(content))
    assert api.ok("GET", files)["files"] == [shown]
    response = fetch(api, files, name)
    assert (response.status, response.data) == (200, content)
    assert response.headers["etag"] == sent.headers["etag"]
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["last-modified"].endswith("GMT")
    api.ok("DELETE", at(files, name))
    assert api.fails(404, "GET", at(files, name)) == "File was not found"
    assert api.ok("GET", files)["files"] == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("x" * 1025, "1 to 1024 bytes"), ("é" * 513, "1 to 1024 bytes"), ("a\0b", "null character")],
)
def test_some_names_are_refused(api: Any, files: str, name: str, reason: str) -> None:
    assert reason in api.fails(400, "POST", at(files, name), {})
    assert reason in api.fails(400, "POST", f"{at(files, name)}/start-multipart-upload", {})


def test_an_empty_file_is_a_file(api: Any, files: str) -> None:
    put(api, files, "empty", b"")
    assert api.ok("GET", at(files, "empty"))["size"] == 0
    response = fetch(api, files, "empty")
    assert (response.status, response.data, response.headers["content-length"]) == (200, b"", "0")
    assert fetch(api, files, "empty", Range="bytes=0-").status == 416


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Disposition": "multipart/form-data"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain; charset=x", "x-ms-version": "2020-04-08", "x-ms-blob-type": "BlockBlob"},
        {"Authorization": "Token wrong"},
    ],
)
def test_any_headers_are_accepted_with_an_upload(api: Any, files: str, headers: dict[str, str]) -> None:
    put(api, files, "file", b"{not json", **headers)
    assert fetch(api, files, "file").data == b"{not json"


def test_a_new_file_replaces_the_old_one(api: Any, files: str) -> None:
    before = stored(api)
    put(api, files, "file", b"old")
    first = api.ok("GET", at(files, "file"))
    api.emulator.clock.advance(1)
    put(api, files, "file", b"new one")
    second = api.ok("GET", at(files, "file"))
    assert second["time_created"] > first["time_created"]
    assert second["size"] == 7
    assert fetch(api, files, "file").data == b"new one"
    assert stored(api) == before + 1


def test_a_download_goes_on_while_its_file_is_replaced_and_deleted(api: Any, files: str) -> None:
    content = bytes(range(256)) * 40_000
    put(api, files, "file", content)
    url = api.ok("GET", f"{at(files, 'file')}/download")["url"]
    response = api.pool.request("GET", url, preload_content=False)
    received = response.read(1000)
    put(api, files, "file", b"new")
    api.ok("DELETE", at(files, "file"))
    received += response.read()
    response.release_conn()
    assert received == content


def test_an_upload_that_breaks_leaves_the_old_file(api: Any, files: str) -> None:
    put(api, files, "file", b"old")
    before = stored(api)
    url = urlsplit(api.ok("POST", at(files, "file"), {})["url"])
    connection = urllib3.connection.HTTPConnection(url.hostname or "", url.port)
    connection.putrequest("PUT", f"{url.path}?{url.query}")
    connection.putheader("Content-Length", "5000000")
    connection.endheaders()
    connection.send(b"x" * 3_000_000)
    connection.close()
    while stored(api) > before:
        pass
    assert fetch(api, files, "file").data == b"old"


def test_a_file_of_more_than_5_gb_must_be_sent_in_parts(api: Any, files: str) -> None:
    url = api.ok("POST", at(files, "file"), {})["url"]
    announced = {"Content-Length": str(5 * 1024**3 + 1)}
    response = api.pool.request("PUT", url, headers=announced, body=iter([b"x"]))
    assert error_of(response) == (413, "EntityTooLarge")
    assert b"larger than 5 GB: upload it in parts" in response.data


def test_a_digest_is_compared(api: Any, files: str) -> None:
    url = api.ok("POST", at(files, "file"), {})["url"]
    right = base64.b64encode(hashlib.md5(b"content", usedforsecurity=False).digest()).decode()
    for digest, expected in ((right, None), (right[::-1], "InvalidDigest"), ("AAAA", "BadDigest")):
        response = api.pool.request("PUT", url, body=b"content", headers={"Content-MD5": digest})
        if expected:
            assert error_of(response) == (400, expected)
        else:
            assert response.status == 200
    assert fetch(api, files, "file").data == b"content"


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=10-19", 206, (10, 20)),
        ("bytes=990-", 206, (990, 1000)),
        ("bytes=990-5000", 206, (990, 1000)),
        ("bytes=-10", 206, (990, 1000)),
        ("bytes=-5000", 206, (0, 1000)),
        ("bytes=1000-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=20-10", 200, (0, 1000)),
        ("bytes=-", 200, (0, 1000)),
        ("bytes=0-1,5-6", 200, (0, 1000)),
        ("lines=0-1", 200, (0, 1000)),
    ],
)
def test_a_part_of_a_file_can_be_fetched(
    api: Any, files: str, wanted: str, status: int, part: tuple[int, int] | None
) -> None:
    content = bytes(number % 251 for number in range(1000))
    put(api, files, "file", content)
    response = fetch(api, files, "file", Range=wanted)
    assert response.status == status
    if part is None:
        assert error_of(response) == (416, "InvalidRange")
        assert response.headers["content-range"] == "bytes */1000"
        return
    assert response.data == content[slice(*part)]
    assert response.headers["content-length"] == str(part[1] - part[0])
    expected = f"bytes {part[0]}-{part[1] - 1}/1000" if status == 206 else None
    assert response.headers.get("content-range") == expected


def test_a_download_continues_only_if_the_file_is_the_same(api: Any, files: str) -> None:
    etag = put(api, files, "file", b"0123456789").headers["etag"]
    date = fetch(api, files, "file").headers["last-modified"]
    for same in (etag, date):
        assert fetch(api, files, "file", **{"Range": "bytes=5-", "If-Range": same}).data == b"56789"
    assert fetch(api, files, "file", **{"If-Match": etag}).status == 200
    put(api, files, "file", b"abcdefghij")
    whole = fetch(api, files, "file", **{"Range": "bytes=5-", "If-Range": etag})
    assert (whole.status, whole.data) == (200, b"abcdefghij")
    assert error_of(fetch(api, files, "file", **{"If-Match": etag})) == (412, "PreconditionFailed")


def test_the_headers_can_be_fetched_alone(api: Any, files: str) -> None:
    put(api, files, "folder/file.csv", b"0123456789")
    url = api.ok("GET", f"{at(files, 'folder/file.csv')}/download")["url"]
    whole, head = (api.pool.request(method, url) for method in ("GET", "HEAD"))
    assert head.data == b""
    assert {**head.headers} == {**whole.headers, "date": head.headers["date"], **limits(head)}
    assert head.headers["content-length"] == "10"
    assert head.headers["content-disposition"] == 'attachment; filename="file.csv"'


def limits(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("x-ratelimit")}


# Signatures


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **query})).geturl()


def test_a_url_permits_nothing_else(api: Any, files: str) -> None:
    put(api, files, "file")
    put(api, files, "other")
    up = api.ok("POST", at(files, "file"), {})["url"]
    down = api.ok("GET", f"{at(files, 'file')}/download")["url"]
    assert down.startswith(f"{api.origin}/_storage/")
    refused = [
        ("GET", up),
        ("PUT", down),
        ("GET", down.replace("/file?", "/other?")),
        ("GET", down.replace("/default/", "/secret/")),
        ("GET", changed(down, expires="99999999999")),
        ("GET", changed(down, signature="0" * 64)),
        ("GET", changed(down, signature="ü")),
        ("GET", changed(down, more="x")),
        ("PUT", changed(up, upload_id="x", part_number="1")),
    ]
    for method, url in refused:
        assert error_of(api.pool.request(method, url, body=b"x")) == (403, "SignatureDoesNotMatch"), url
    bare = down.partition("?")[0]
    assert error_of(api.pool.request("GET", bare)) == (403, "AccessDenied")
    token = {"Authorization": api.emulator.token}
    assert error_of(api.pool.request("PUT", bare, body=b"x", headers=token)) == (403, "AccessDenied")
    assert api.pool.request("DELETE", down).status == 405
    assert fetch(api, files, "file").data == b"content"


def test_a_url_expires_by_the_clock(api: Any, files: str) -> None:
    put(api, files, "file")
    up = api.ok("POST", at(files, "file"), {})["url"]
    down = api.ok("GET", f"{at(files, 'file')}/download")["url"]
    api.emulator.clock.advance(3590)
    assert api.pool.request("GET", down).data == b"content"
    api.emulator.clock.advance(10)
    assert error_of(api.pool.request("GET", down)) == (403, "AccessDenied")
    assert error_of(api.pool.request("PUT", up, body=b"x")) == (403, "AccessDenied")


def test_a_url_needs_its_file_and_its_bucket(api: Any) -> None:
    api.ok("POST", f"{api.project}/buckets", {"name": "b"})
    files = f"{api.project}/buckets/b/files"
    put(api, files, "file")
    up = api.ok("POST", at(files, "file"), {})["url"]
    down = api.ok("GET", f"{at(files, 'file')}/download")["url"]
    api.ok("DELETE", at(files, "file"))
    assert error_of(api.pool.request("GET", down)) == (404, "NoSuchKey")
    api.ok("DELETE", f"{api.project}/buckets/b")
    assert error_of(api.pool.request("GET", down)) == (404, "NoSuchBucket")
    assert error_of(api.pool.request("PUT", up, body=b"x")) == (404, "NoSuchBucket")


def test_a_url_leads_to_where_the_client_is(api: Any, files: str) -> None:
    port = urlsplit(api.origin).port
    put(api, files, "file")
    path = f"{at(files, 'file')}/download"
    url = api.ok("GET", path, headers={"Host": f"localhost:{port}"})["url"]
    assert url.startswith(f"http://localhost:{port}/_storage/")


def test_a_url_stays_valid_when_the_emulator_restarts(data_dir: Path, api: Any, files: str) -> None:
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        put(client, files, "file", b"kept")
        url = urlsplit(client.ok("GET", f"{at(files, 'file')}/download")["url"])
        client.pool.clear()
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator)
        again = url._replace(netloc=urlsplit(emulator.host).netloc).geturl()
        assert client.pool.request("GET", again).data == b"kept"
        assert len(list((data_dir / "files").iterdir())) == 1
        client.pool.clear()
