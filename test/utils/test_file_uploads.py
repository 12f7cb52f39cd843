"""Uploads of large files go in parts, several at a time, and can be resumed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from buckets import Bucket, storage_error
from scripted import PATIENCE, Request, client_of, reply
from served import query_of

import ubiops
from ubiops._storage.parts import MOST_PARTS, PART_SIZE, part_size_for
from ubiops.utils import upload_file

MIB = 1 << 20
DATA = os.urandom(5 * MIB + 17)


@pytest.fixture
def in_parts(monkeypatch: Any) -> None:
    """Makes files of 2 MiB large, and parts small."""
    monkeypatch.setattr("ubiops._storage.upload.LARGE", 2 * MIB)
    monkeypatch.setattr("ubiops._storage.parts.PART_SIZE", MIB)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    return path


def send(client: Any, file: Path, **options: Any) -> str:
    return upload_file(client, "project-1", file, _progress_bar=False, **options)


def left(folder: Path) -> list[str]:
    """Returns the files that an upload left beside the one that it sent."""
    return sorted(path.name for path in folder.iterdir() if path.name != "data.bin")


def failing(file: Path) -> Any:
    """Rejects a part once the client knows of another one that has arrived."""

    def fail(request: Request) -> Any:
        until = time.monotonic() + PATIENCE
        while not any(name.endswith(".upload") for name in left(file.parent)):
            assert time.monotonic() < until
            time.sleep(0.005)
        return storage_error(400, "Bad", "no")

    fail.by_request = True  # type: ignore[attr-defined]
    return fail


def broken(peer: Any) -> None:
    peer.close()


# --- in one request -------------------------------------------------------------------


def test_a_broken_upload_is_repeated_from_the_start(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [broken, storage_error(503, "SlowDown", "slow down"), storage_error(500, "Internal", "oh")]
    reported: list[int] = []
    send(client, file, on_progress=lambda done, total: reported.append(done))
    assert bucket.files == {"data.bin": DATA}
    assert [len(request.body) for request in bucket.of_kind("put")] == [len(DATA)] * 4
    assert reported[-1] == len(DATA)
    assert max(reported) == len(DATA)


def test_an_upload_to_an_expired_address_is_signed_again(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.expired = {1}
    send(client, file)
    assert bucket.seen == ["sign", "put", "sign", "put"]


def test_an_upload_that_arrives_damaged_is_repeated_once(bucket: Bucket, client: Any, file: Path) -> None:
    other = reply(200, b"", f'ETag: "{"0" * 32}"')
    bucket.faults["put"] = [other]
    send(client, file)
    assert len(bucket.of_kind("put")) == 2
    bucket.faults["put"] = [other, other]
    with pytest.raises(ubiops.InvalidResponseError, match="the upload of ubiops-file://default/data.bin is damaged"):
        send(client, file)


def test_a_file_that_changes_while_it_is_sent_is_an_error(bucket: Bucket, client: Any, file: Path) -> None:
    def change(done: int, total: int | None) -> None:
        if done == total:
            file.write_bytes(b"changed")

    with pytest.raises(ubiops.ApiRequestError, match="changed while it was being sent"):
        send(client, file, on_progress=change)


def test_the_storage_is_given_up_after_some_retries(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [broken] * 10
    with pytest.raises(ubiops.ApiConnectionError):
        send(client, file)
    assert len(bucket.of_kind("put")) == 4
    assert left(file.parent) == []


# --- in parts -------------------------------------------------------------------------


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("provider", ["ubiops", "azure_blob_storage"])
def test_a_large_file_is_sent_in_parts(provider: str, bucket: Bucket, client: Any, file: Path) -> None:
    bucket.provider = provider
    reported: list[Any] = []
    uri = send(client, file, on_progress=lambda *state: reported.append(state))
    assert uri == "ubiops-file://default/data.bin"
    assert bucket.files == {"data.bin": DATA}
    assert sorted(len(request.body) for request in bucket.of_kind("put")) == [17, *[MIB] * 5]
    assert {query_of(request)["part_number"] for request in bucket.of_kind("sign")} == set("123456")
    assert reported[-1] == (len(DATA), len(DATA))
    (complete,) = bucket.of_kind("complete")
    data = json.loads(complete.body)
    if provider == "ubiops":
        assert data["upload_id"] == "upload-1"
        assert [part["PartNumber"] for part in data["parts"]] == [1, 2, 3, 4, 5, 6]
    else:
        blocks = [part["BlockId"] for part in data["parts"]]
        assert len({len(block) for block in blocks}) == 1
        assert len(set(blocks)) == 6
        assert "upload_id" not in data
    assert left(file.parent) == []


@pytest.mark.usefixtures("in_parts")
def test_parts_are_sent_at_the_same_time(bucket: Bucket, client: Any, file: Path) -> None:
    together = threading.Barrier(4, timeout=PATIENCE)

    def wait(request: Request) -> Any:
        together.wait()
        return bucket._store("put", request)

    wait.by_request = True  # type: ignore[attr-defined]
    bucket.faults["put"] = [wait] * 4
    send(client, file)
    assert bucket.files == {"data.bin": DATA}


@pytest.mark.usefixtures("in_parts")
def test_each_part_is_retried_for_itself(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [broken, None, storage_error(503, "SlowDown", "x"), None, broken]
    bucket.faults["sign"] = [reply(429, {"error": "slow down"}, "Retry-After: 1"), reply(429, {"error": "slow"})]
    bucket.expired = {2}
    send(client, file)
    assert bucket.files == {"data.bin": DATA}


@pytest.mark.usefixtures("in_parts")
def test_a_part_that_fails_for_good_is_one_error(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [None, None, *[storage_error(400, "Bad", "the disk of the storage is full")] * 9]
    with pytest.raises(ubiops.BadRequestError, match="the disk of the storage is full"):
        send(client, file)
    assert bucket.files == {}
    assert not [thread for thread in threading.enumerate() if thread.name == "ubiops-transfer"]


@pytest.mark.usefixtures("in_parts")
def test_an_interrupted_upload_is_resumed(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [None, None, None, *[failing(file)] * 3]
    with pytest.raises(ubiops.BadRequestError):
        send(client, file)
    (record,) = left(file.parent)
    assert record.startswith(".data.bin.")
    assert record.endswith(".upload")
    text = (file.parent / record).read_text()
    assert "5ecret" not in text
    done = json.loads(text)["parts"]
    assert done
    before = len(bucket.of_kind("sign"))
    bucket.faults.clear()
    reported: list[int] = []
    send(client, file, on_progress=lambda now, total: reported.append(now))
    assert bucket.files == {"data.bin": DATA}
    # Requests of the first call may still arrive, but for other parts.
    signed = {query_of(request)["part_number"] for request in bucket.of_kind("sign")[before:]}
    assert signed >= set("123456") - set(done)
    assert not signed & set(done)
    assert len(bucket.of_kind("start")) == 1
    assert reported[-1] == max(reported) == len(DATA)
    assert left(file.parent) == []


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("how", ["changed", "another name", "another bucket", "resume=False", "broken record"])
def test_an_upload_of_something_else_starts_anew(how: str, bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [None, None, None, *[failing(file)] * 3]
    with pytest.raises(ubiops.BadRequestError):
        send(client, file)
    bucket.faults.clear()
    options: dict[str, Any] = {}
    content = DATA
    if how == "changed":
        content = os.urandom(len(DATA))
        file.write_bytes(content)
        os.utime(file, (1, 1))
    elif how == "another name":
        options["file_name"] = "other"
    elif how == "another bucket":
        options["bucket_name"] = "other"
    elif how == "resume=False":
        options["resume"] = False
    else:
        (file.parent / left(file.parent)[0]).write_text('{"format": 1, "size": ')
    send(client, file, **options)
    assert bucket.files == {options.get("file_name", "data.bin"): content}
    assert len(bucket.of_kind("start")) == 2


@pytest.mark.usefixtures("in_parts")
def test_an_upload_that_is_gone_starts_anew(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [None, None, None, *[failing(file)] * 3]
    with pytest.raises(ubiops.BadRequestError):
        send(client, file)
    bucket.faults.clear()
    bucket.uploads.clear()
    reported: list[int] = []
    send(client, file, on_progress=lambda now, total: reported.append(now))
    assert bucket.files == {"data.bin": DATA}
    assert len(bucket.of_kind("start")) == 2
    assert reported[-1] == max(reported) == len(DATA)
    assert left(file.parent) == []


@pytest.mark.usefixtures("in_parts")
def test_parts_that_the_storage_has_lost_make_it_start_anew(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["complete"] = [reply(403, {"error": "not now"})]
    with pytest.raises(ubiops.ForbiddenError):
        send(client, file)
    assert len(left(file.parent)) == 1
    bucket.uploads["upload-1"].pop("2")
    send(client, file)
    assert bucket.files == {"data.bin": DATA}


@pytest.mark.usefixtures("in_parts")
def test_without_resume_there_is_no_record(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["complete"] = [reply(403, {"error": "not now"})]
    with pytest.raises(ubiops.ForbiddenError):
        send(client, file, resume=False)
    assert left(file.parent) == []


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("lost", [False, True])
def test_a_response_to_the_last_call_that_is_lost_does_no_harm(
    lost: bool, bucket: Bucket, client: Any, file: Path
) -> None:
    def complete(request: Request) -> Any:
        if lost:
            bucket._complete("data.bin", request)
        return broken

    complete.by_request = True  # type: ignore[attr-defined]
    bucket.faults["complete"] = [complete]
    send(client, file)
    assert bucket.files == {"data.bin": DATA}
    assert len(bucket.of_kind("complete")) == 2
    assert left(file.parent) == []


@pytest.mark.usefixtures("in_parts")
def test_a_part_without_an_etag_is_an_error(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [reply(200, b"")] * 6
    with pytest.raises(ubiops.InvalidResponseError, match=r"the storage returned no ETag for part \d"):
        send(client, file)


@pytest.mark.usefixtures("in_parts")
def test_a_file_that_changes_between_parts_is_an_error(bucket: Bucket, client: Any, file: Path) -> None:
    changed = []

    def change(done: int, total: int | None) -> None:
        if not changed and done > MIB:
            changed.append(True)
            os.utime(file, (1, 1))

    with pytest.raises(ubiops.ApiRequestError, match="changed while it was being sent"):
        send(client, file, on_progress=change)
    assert bucket.files == {}


@pytest.mark.usefixtures("in_parts")
def test_a_folder_that_is_not_writable_is_no_hindrance(bucket: Bucket, client: Any, file: Path) -> None:
    # A name as long as a name can be leaves no room for that of a record.
    long = file.rename(file.parent / ("x" * 255))
    send(client, long, file_name="data.bin")
    assert bucket.files == {"data.bin": DATA}


def test_parts_are_few_enough_for_any_file() -> None:
    assert part_size_for(1 << 30) == PART_SIZE
    for size in (PART_SIZE * MOST_PARTS, PART_SIZE * MOST_PARTS + 1, 5 << 40):
        part = part_size_for(size)
        assert part % MIB == 0
        assert part <= 5 << 30
        assert -(-size // part) <= MOST_PARTS


KILLED = """
import sys
import ubiops, ubiops._storage.parts, ubiops._storage.upload
ubiops._storage.upload.LARGE = 2 << 20
ubiops._storage.parts.PART_SIZE = 1 << 20
from ubiops.utils import upload_file
client = ubiops.ApiClient(ubiops.Configuration(host=sys.argv[1], token="x", proxy=""))
upload_file(client, "project-1", sys.argv[2], _progress_bar=False)
"""


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_a_killed_upload_is_resumed(how: str, bucket: Bucket, client: Any, file: Path) -> None:
    import signal

    ended = threading.Event()
    stalled = threading.Semaphore(0)

    def stall(peer: Any) -> None:
        stalled.release()
        ended.wait(PATIENCE)
        peer.close()

    bucket.faults["put"] = [None, None, stall, stall, stall, stall]
    root = str(Path(ubiops.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, bucket.host, str(file)],
        env={**os.environ, "PYTHONPATH": root, "UBIOPS_API_TOKEN": ""},
        stderr=subprocess.PIPE,
    )
    try:
        for _ in range(4):
            assert stalled.acquire(timeout=PATIENCE)
        process.send_signal(signal.SIGKILL if how == "kill" else signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        ended.set()
        process.kill()
        process.wait()
    assert how == "kill" or b"KeyboardInterrupt" in errors
    assert len(left(file.parent)) == 1
    before = len(bucket.of_kind("put"))
    # The record is that of the same host and project.
    with client_of(bucket) as again:
        send(again, file)
    assert bucket.files == {"data.bin": DATA}
    assert len(bucket.of_kind("start")) == 1
    assert len(bucket.of_kind("put")) - before == 4
    assert left(file.parent) == []


def test_the_timeout_is_for_all_of_it(bucket: Bucket, file: Path) -> None:
    def stall(peer: Any) -> None:
        peer.wait()

    bucket.faults["put"] = [stall]
    with client_of(bucket) as client, pytest.raises(ubiops.ApiTimeoutError):
        send(client, file, timeout=0.3)
