"""Uploads in parts."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from bucket_files import at, error_of, fetch, put, stored


@pytest.fixture
def files(api: Any) -> str:
    """The path of the files in the default bucket."""
    return f"{api.project}/buckets/default/files"


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
