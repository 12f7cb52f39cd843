"""Files in buckets: listing, signed URLs, transfers, uploads in parts."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import urllib3

import ubiops
import ubiops.emulator
from ubiops.emulator.areas.files.listing import after_prefix
from ubiops.emulator.areas.files.names import parse_uri
from ubiops.emulator.core.errors import ApiError

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


def at(files: str, name: str) -> str:
    return f"{files}/{quote(name, safe='')}"


def put(api: Any, files: str, name: str, content: Any = b"content", **headers: str) -> Any:
    url = api.ok("POST", at(files, name), {})["url"]
    response = api.pool.request("PUT", url, body=content, headers=headers)
    assert response.status == 200, response.data
    assert response.data == b""
    return response


def fetch(api: Any, files: str, name: str, **headers: str) -> Any:
    return api.pool.request("GET", api.ok("GET", f"{at(files, name)}/download")["url"], headers=headers)


def error_of(response: Any) -> tuple[int, str]:
    """Returns the status and code of an error of the storage."""
    assert response.headers["content-type"] == "application/xml"
    found = re.search(r"<Error><Code>(\w+)</Code><Message>([^<]+)</Message></Error>", response.data.decode())
    assert found, response.data
    return response.status, found[1]


def stored(api: Any) -> int:
    return len(list(api.emulator._backend.files.path("").iterdir()))


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


# Listing


def page(api: Any, files: str, **query: str | int) -> Any:
    return api.ok("GET", f"{files}?{urlencode(query)}")


TREE = ["a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv", "b.csv", "d/4.csv", "é/5.csv", "\uffff", "😀/6.csv"]


@pytest.fixture
def tree(api: Any, files: str) -> str:
    for name in TREE:
        put(api, files, name, name.encode())
    return files


@pytest.mark.parametrize(
    ("query", "listed", "folders"),
    [
        ({}, sorted(TREE), []),
        ({"delimiter": "/"}, ["a.csv", "b.csv", "\uffff"], ["b/", "d/", "é/", "😀/"]),
        ({"prefix": "b"}, ["b.csv", "b/1.csv", "b/2.csv", "b/c/3.csv"], []),
        ({"prefix": "b/"}, ["b/1.csv", "b/2.csv", "b/c/3.csv"], []),
        ({"prefix": "b/", "delimiter": "/"}, ["b/1.csv", "b/2.csv"], ["b/c/"]),
        ({"prefix": "b", "delimiter": "/"}, ["b.csv"], ["b/"]),
        ({"prefix": "\uffff"}, ["\uffff"], []),
        ({"prefix": "😀/"}, ["😀/6.csv"], []),
        ({"prefix": "no"}, [], []),
        ({"delimiter": ".csv"}, ["\uffff"], sorted(set(TREE) - {"\uffff"})),
        ({"limit": 0}, [], []),
    ],
)
def test_files_are_listed_by_prefix_and_folder(
    api: Any, tree: str, query: dict[str, Any], listed: list[str], folders: list[str]
) -> None:
    found = page(api, tree, **query)
    assert [one["file"] for one in found["files"]] == listed
    assert found["prefixes"] == folders
    assert found["continuation_token"] is None
    if query.get("limit") == 0:
        return
    # Page by page, whatever the size of a page.
    for limit in (1, 2, 3):
        seen: list[str] = []
        more: dict[str, str] = {}
        while True:
            found = page(api, tree, **query, limit=limit, **more)
            names = [*(one["file"] for one in found["files"]), *found["prefixes"]]
            assert len(names) <= limit
            seen += names
            if found["continuation_token"] is None:
                break
            assert len(names) == limit
            more = {"continuation_token": found["continuation_token"]}
        assert sorted(seen) == sorted([*listed, *folders])


def test_pages_hold_50_files_by_default_and_1000_at_most(api: Any, files: str) -> None:
    now = api.emulator.clock.now()
    put(api, files, "0000")
    with api.emulator._backend.storage.transaction() as db:
        bucket = db.execute("SELECT pk FROM buckets ORDER BY pk DESC").fetchone()[0]
        rows = [(bucket, f"{number:04}", f"none-{number}.bin", 1, "", now) for number in range(1, 1200)]
        db.executemany(
            "INSERT INTO bucket_files (bucket, name, file, size, etag, created) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
    assert len(page(api, files)["files"]) == 50
    assert len(page(api, files, limit=1000)["files"]) == 1000
    assert "1000 or less" in api.fails(400, "GET", f"{files}?limit=1001")
    assert "0 or more" in api.fails(400, "GET", f"{files}?limit=-1")
    api.ok("PATCH", f"{api.project}/buckets/default", {"ttl": 604800})


def test_a_page_goes_on_after_files_were_removed_and_added(api: Any, tree: str) -> None:
    first = page(api, tree, limit=2)
    api.ok("DELETE", at(tree, first["files"][1]["file"]))
    put(api, tree, "a.csv2")
    second = page(api, tree, limit=2, continuation_token=first["continuation_token"])
    assert [one["file"] for one in second["files"]] == ["b/1.csv", "b/2.csv"]


@pytest.mark.parametrize("token", ["x", "%%%", "bnVsbA==", "W10=", "é", base64.b64encode(b"[" * 5000).decode()])
def test_a_token_belongs_to_its_listing(api: Any, tree: str, token: str) -> None:
    query = urlencode({"continuation_token": token})
    assert "does not belong" in api.fails(400, "GET", f"{tree}?{query}")
    valid = page(api, tree, limit=1)["continuation_token"]
    query = urlencode({"continuation_token": valid, "delimiter": "/"})
    assert "does not belong" in api.fails(400, "GET", f"{tree}?{query}")


def test_the_end_of_a_prefix() -> None:
    assert after_prefix("ab") == "ac"
    assert after_prefix("a\ud7ff") == "a\ue000"
    assert after_prefix("a\U0010ffff\U0010ffff") == "b"
    assert after_prefix("\U0010ffff") is None
    assert after_prefix("") is None


# Uploads in parts


def start(api: Any, files: str, name: str) -> str:
    started = api.ok("POST", f"{at(files, name)}/start-multipart-upload", {})
    assert started["provider"] == "ubiops"
    upload_id: str = started["upload_id"]
    return upload_id


def put_part(api: Any, files: str, name: str, upload_id: str, number: int, content: bytes) -> dict[str, Any]:
    query = urlencode({"upload_id": upload_id, "part_number": number})
    url = api.ok("POST", f"{at(files, name)}?{query}")["url"]
    response = api.pool.request("PUT", url, body=content)
    assert response.status == 200, response.data
    return {"ETag": response.headers["etag"], "PartNumber": number}


def complete(api: Any, files: str, name: str, upload_id: str, parts: list[dict[str, Any]]) -> Any:
    return api.ok("POST", f"{at(files, name)}/complete-multipart-upload", {"upload_id": upload_id, "parts": parts})


def test_parts_are_joined_in_their_order(api: Any, files: str) -> None:
    before, name = stored(api), "folder/größe.bin"
    upload_id = start(api, files, name)
    contents = {number: bytes([number]) * 300_000 for number in (1, 2, 3, 7)}
    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(contents, reverse=True)
        parts = list(pool.map(lambda n: put_part(api, files, name, upload_id, n, contents[n]), numbers))[::-1]
    assert api.fails(404, "GET", at(files, name)) == "File was not found"
    assert complete(api, files, name, upload_id, parts) == {"upload_id": upload_id, "provider": "ubiops"}
    content = b"".join(contents.values())
    assert api.ok("GET", at(files, name))["size"] == len(content)
    response = fetch(api, files, name)
    assert response.data == content
    digests = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in contents.values())
    assert response.headers["etag"] == f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-4"'
    assert stored(api) == before + 1


def test_a_part_can_be_sent_again_and_left_out(api: Any, files: str) -> None:
    before, upload_id = stored(api), start(api, files, "file")
    wrong = put_part(api, files, "file", upload_id, 1, b"wrong")
    right = put_part(api, files, "file", upload_id, 1, b"right")
    put_part(api, files, "file", upload_id, 2, b"not wanted")
    assert stored(api) == before + 2
    path = f"{at(files, 'file')}/complete-multipart-upload"
    error = api.fails(400, "POST", path, {"upload_id": upload_id, "parts": [wrong]})
    assert error == "the ETag of part 1 is not that of the part that was uploaded"
    complete(api, files, "file", upload_id, [{"ETag": right["ETag"].strip('"'), "PartNumber": "1"}])
    assert fetch(api, files, "file").data == b"right"
    assert stored(api) == before + 1
    assert api.fails(404, "POST", path, {"upload_id": upload_id, "parts": [right]}) == "Upload in parts was not found"
    assert fetch(api, files, "file").data == b"right"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "must not be empty"),
        ([{"PartNumber": 1}], "parts[0] must have PartNumber, an integer, and ETag"),
        ([{"ETag": "x"}], "parts[0] must have"),
        ([{"ETag": "x", "PartNumber": True}], "parts[0] must have"),
        ([{"ETag": "x", "PartNumber": 1.5}], "parts[0] must have"),
        ([{"ETag": "x", "PartNumber": 2}, {"ETag": "x", "PartNumber": 1}], "in the order"),
        ([{"ETag": "x", "PartNumber": 1}, {"ETag": "x", "PartNumber": 1}], "in the order"),
        ([{"ETag": "x", "PartNumber": 5}], "part 5 was not uploaded"),
        ([{"ETag": "x", "PartNumber": n} for n in range(1, 10_002)], "at most 10000"),
    ],
)
def test_the_list_of_parts_is_checked(api: Any, files: str, parts: list[Any], reason: str) -> None:
    upload_id = start(api, files, "file")
    path = f"{at(files, 'file')}/complete-multipart-upload"
    assert reason in api.fails(400, "POST", path, {"upload_id": upload_id, "parts": parts})
    assert "upload_id is required" in api.fails(400, "POST", path, {"parts": parts})


def test_a_part_needs_an_upload_of_its_file(api: Any, files: str) -> None:
    upload_id = start(api, files, "file")
    path, other = at(files, "file"), at(files, "other")
    assert "go together" in api.fails(400, "POST", f"{path}?upload_id={upload_id}")
    assert "go together" in api.fails(400, "POST", f"{path}?part_number=1")
    for number in ("0", "10001", "x", "-1", "1.5", "9" * 5000, "٣"):
        error = api.fails(400, "POST", f"{path}?{urlencode({'upload_id': upload_id, 'part_number': number})}")
        assert "1 to 10000" in error
    for wrong in (f"{path}?upload_id=x", f"{other}?upload_id={upload_id}"):
        assert api.fails(404, "POST", f"{wrong}&part_number=1") == "Upload in parts was not found"


def test_an_upload_that_is_not_completed_is_removed_after_a_week(api: Any, files: str) -> None:
    before, upload_id = stored(api), start(api, files, "file")
    part = put_part(api, files, "file", upload_id, 1, b"part")
    assert stored(api) == before + 1
    api.emulator.clock.advance(7 * 24 * 3600 - 1)
    url = api.ok("POST", f"{at(files, 'file')}?upload_id={upload_id}&part_number=2")["url"]
    api.emulator.clock.advance(1)
    assert error_of(api.pool.request("PUT", url, body=b"x")) == (404, "NoSuchUpload")
    path = f"{at(files, 'file')}/complete-multipart-upload"
    api.fails(404, "POST", path, {"upload_id": upload_id, "parts": [part]})
    put(api, files, "other")
    assert stored(api) == before + 1


def test_parts_of_a_single_upload_can_be_completed_once_at_a_time(api: Any, files: str) -> None:
    before, upload_id = stored(api), start(api, files, "file")
    parts = [put_part(api, files, "file", upload_id, number, bytes([number]) * 1000) for number in (1, 2)]
    body = {"upload_id": upload_id, "parts": parts}
    path, barrier = f"{at(files, 'file')}/complete-multipart-upload", threading.Barrier(4)

    def attempt(_: int) -> int:
        barrier.wait()
        return int(api.send("POST", path, body).status)

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(attempt, range(4)))
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {400, 404}
    assert fetch(api, files, "file").data == b"\1" * 1000 + b"\2" * 1000
    assert stored(api) == before + 1


# The client, and the code of deployments


@pytest.fixture
def core(api: Any) -> Iterator[ubiops.CoreApi]:
    with ubiops.ApiClient(api.emulator.configuration()) as client:
        yield ubiops.CoreApi(client)


def test_the_client_transfers_files_whole_and_in_parts(core: ubiops.CoreApi, api: Any, project_name: str) -> None:
    name, http = "folder/ä b.bin", urllib3.PoolManager(retries=False)
    where = (project_name, "default", name)
    target = core.files_upload(*where)
    headers = {"Content-Disposition": "multipart/form-data"}
    assert http.request("PUT", target.url, body=b"x" * 100_000, headers=headers).status == 200
    assert (core.files_get(*where).size, target.provider) == (100_000, "ubiops")
    source = core.files_download(*where)
    assert http.request("GET", source.url).data == b"x" * 100_000
    assert [one.file for one in core.files_list(project_name, "default", prefix="folder/").files] == [name]

    upload = core.files_start_multipart_upload(*where).upload_id

    def send(number: int) -> dict[str, Any]:
        url = core.files_upload(*where, upload_id=upload, part_number=str(number)).url
        response = http.request("PUT", url, body=bytes([number]) * 1_000_000, headers=headers)
        return {"ETag": response.headers["ETag"], "PartNumber": number}

    with ThreadPoolExecutor(3) as pool:
        parts = list(pool.map(send, (1, 2, 3)))
    core.files_complete_multipart_upload(*where, ubiops.FileCompleteMultipartUpload(upload_id=upload, parts=parts))
    content = b"".join(bytes([number]) * 1_000_000 for number in (1, 2, 3))
    assert http.request("GET", core.files_download(*where).url).data == content
    core.files_delete(*where)
    with pytest.raises(ubiops.exceptions.NotFoundError, match="File was not found"):
        core.files_get(*where)
    http.clear()


def test_code_opens_and_puts_files(api: Any, files: str, tmp_path: Path, project_name: str) -> None:
    store, before = api.emulator._backend.bucket_files, stored(api)
    put(api, files, "in/größe.csv", b"from a client")
    assert store.open(project_name, "ubiops-file://default/in/größe.csv").read_bytes() == b"from a client"
    source = tmp_path / "result.csv"
    source.write_bytes(b"from the code")
    uri = store.put(project_name, "default", "out/result.csv", source)
    assert uri == "ubiops-file://default/out/result.csv"
    assert source.exists()
    assert fetch(api, files, "out/result.csv").data == b"from the code"
    assert store.open(project_name, uri).read_bytes() == b"from the code"
    source.write_bytes(b"again")
    store.put(project_name, "default", "out/result.csv", source)
    assert fetch(api, files, "out/result.csv").data == b"again"
    assert (
        fetch(api, files, "out/result.csv").headers["etag"]
        == f'"{hashlib.md5(b"again", usedforsecurity=False).hexdigest()}"'
    )
    assert stored(api) == before + 2
    for call, status in (
        (lambda: store.open(project_name, "ubiops-file://default/no"), 404),
        (lambda: store.open(project_name, "ubiops-file://no/file"), 404),
        (lambda: store.open(project_name, "no URI"), 400),
        (lambda: store.put(project_name, "no", "file", source), 404),
        (lambda: store.put(project_name, "default", "", source), 400),
        (lambda: store.put(project_name, "default", "\ud800", source), 400),
    ):
        with pytest.raises(ApiError) as caught:
            call()
        assert caught.value.status == status
    assert stored(api) == before + 2


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "default/file",
        "ubiops-file://",
        "ubiops-file://default",
        "ubiops-file://default/",
        "ubiops-file:///file",
        "UBIOPS-FILE://default/file",
        "https://default/file",
        "ubiops-file://default/a\0b",
        None,
        5,
    ],
)
def test_other_uris_name_no_file(uri: object) -> None:
    with pytest.raises(ApiError) as caught:
        parse_uri(uri)
    assert caught.value.status == 400


def test_a_uri_names_a_bucket_and_a_file() -> None:
    assert parse_uri("ubiops-file://b/folder/ä%20?x#y") == ("b", "folder/ä%20?x#y")
    for name in (".", ".."):
        with pytest.raises(ApiError, match="can't be the name"):
            parse_uri(f"ubiops-file://b/{name}")
    assert str(parse_uri("ubiops-file://b/folder/x")) == "ubiops-file://b/folder/x"
