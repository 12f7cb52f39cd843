"""Downloads appear whole, continue where they broke, and leave nothing half-done."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from buckets import Bucket, cut, etag_of, storage_error
from scripted import PATIENCE, client_of, reply

import ubiops
from ubiops._storage.partial import Partial
from ubiops.utils import download_file

DATA = os.urandom(3 << 20)


@pytest.fixture
def filled(bucket: Bucket) -> Bucket:
    bucket.files["folder/data.bin"] = DATA
    return bucket


@pytest.fixture
def small_limit(monkeypatch: Any) -> None:
    """Makes downloads of a MiB large enough to be kept."""
    monkeypatch.setattr("ubiops._storage.partial.KEPT_SIZE", 1 << 20)
    monkeypatch.setattr("ubiops._storage.download.KEPT_SIZE", 1 << 20)


def fetch(client: Any, path: Path, **options: Any) -> str:
    if "file_uri" not in options:
        options.setdefault("file_name", "folder/data.bin")
    return download_file(client, "project-1", output_path=path, _progress_bar=False, **options)


def ranges(bucket: Bucket) -> list[str | None]:
    return [request.headers.get("range") for request in bucket.of_kind("get")]


@pytest.mark.parametrize("by", ["name", "uri"])
def test_a_file_is_saved_in_a_folder_under_its_base_name(by: str, filled: Bucket, client: Any, tmp_path: Path) -> None:
    names = {"file_name": "folder/data.bin"} if by == "name" else {"file_uri": "ubiops-file://default/folder/data.bin"}
    path = fetch(client, tmp_path, **names)
    assert path == str(tmp_path / "data.bin")
    assert Path(path).read_bytes() == DATA
    sign, get = filled.requests
    assert sign.target.endswith("/files/folder%2Fdata.bin/download")
    assert get.headers["accept-encoding"] == "identity"
    assert not {"authorization", "x-mine", "range"} & set(get.headers)


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a/../..\\data.bin", "data.bin"),
        ("a/..\\..", "download"),
        (".env", ".env"),
        ("2024-01-01T10:00.csv", "2024-01-01T10:00.csv"),
        ("a\nb\x7f", "a_b_"),
        ("ü ñ.txt", "ü ñ.txt"),
    ],
)
def test_the_name_in_a_folder_is_safe(name: str, saved: str, bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.files[name] = b"content"
    (tmp_path / "into").mkdir()
    assert fetch(client, tmp_path / "into", file_name=name) == str(tmp_path / "into" / saved)
    assert [path.name for path in tmp_path.iterdir()] == ["into"]


def test_a_link_at_the_goal_is_replaced_and_not_followed(filled: Bucket, client: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    (tmp_path / "data.bin").symlink_to(other)
    fetch(client, tmp_path)
    assert other.read_bytes() == b"mine"
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert not (tmp_path / "data.bin").is_symlink()


@pytest.mark.parametrize("breaks", [1, 2, 10])
def test_a_broken_download_goes_on_where_it_broke(breaks: int, filled: Bucket, client: Any, tmp_path: Path) -> None:
    # More often than there are retries, because each attempt gets further.
    step = 200_000
    filled.faults["get"] = [cut(DATA, step, start=number * step) for number in range(breaks)]
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert ranges(filled) == [None, *(f"bytes={number * step}-" for number in range(1, breaks + 1))]
    assert filled.seen.count("sign") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]


def test_a_download_that_never_gets_further_is_given_up(filled: Bucket, client: Any, tmp_path: Path) -> None:
    filled.faults["get"] = [cut(DATA, 1000), *[cut(DATA, 0, start=1000)] * 9]
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        fetch(client, tmp_path)
    assert len(caught.value.attempts) == 4
    assert len(filled.of_kind("get")) == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("why", ["no ranges", "no etag", "weak etag"])
def test_a_storage_that_can_not_continue_starts_again(why: str, filled: Bucket, client: Any, tmp_path: Path) -> None:
    filled.faults["get"] = [cut(DATA, 1 << 20)]
    if why == "no ranges":
        filled.ranges = False
    else:
        filled.etags = False
        data = reply(200, DATA, *(["ETag: W/" + etag_of(DATA)] if why == "weak etag" else []))

        def broken(peer: Any) -> None:
            peer.send(data[: len(data) - 1000])
            peer.close()

        filled.faults["get"] = [broken]
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert ranges(filled)[1] == (f"bytes={1 << 20}-" if why == "no ranges" else None)


@pytest.mark.parametrize("size", [100, 2 << 20, 4 << 20])
def test_a_file_that_changes_meanwhile_starts_again(size: int, filled: Bucket, client: Any, tmp_path: Path) -> None:
    changed = os.urandom(size)
    filled.faults["get"] = [cut(DATA, 1 << 20)]
    filled.files["folder/data.bin"] = changed
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == changed


def test_a_range_that_begins_elsewhere_is_not_used(filled: Bucket, client: Any, tmp_path: Path) -> None:
    other = reply(206, DATA[5:], f"ETag: {etag_of(DATA)}", f"Content-Range: bytes 5-{len(DATA) - 1}/{len(DATA)}")
    filled.faults["get"] = [cut(DATA, 1 << 20), other]
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert ranges(filled) == [None, f"bytes={1 << 20}-", None]


def test_an_expired_address_is_signed_again(filled: Bucket, client: Any, tmp_path: Path) -> None:
    filled.expired = {1}
    fetch(client, tmp_path)
    assert filled.seen == ["sign", "get", "sign", "get"]
    # Google's storage has another status for it.
    filled.faults["get"] = [storage_error(400, "ExpiredToken", "Invalid argument.")]
    fetch(client, tmp_path)


def test_an_address_that_expires_during_the_download_is_signed_again(
    filled: Bucket, client: Any, tmp_path: Path
) -> None:
    expired = storage_error(403, "AccessDenied", "Request has expired")
    filled.faults["get"] = [
        cut(DATA, 1 << 20),
        expired,
        cut(DATA, 1 << 20, start=1 << 20),
        expired,
    ]
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert filled.seen == ["sign", "get", "get", "sign", "get", "get", "sign", "get"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_storage_is_asked_again(status: int, filled: Bucket, client: Any, tmp_path: Path) -> None:
    filled.faults["get"] = [storage_error(status, "SlowDown", "Reduce your request rate")] * 3
    fetch(client, tmp_path)
    assert client._clock.waits
    filled.faults["get"] = [storage_error(status, "SlowDown", "Reduce your request rate")] * 4
    with pytest.raises(ubiops.ApiRequestError, match="Reduce your request rate"):
        fetch(client, tmp_path)


def test_a_missing_file_is_an_error_of_the_api(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    with pytest.raises(ubiops.NotFoundError, match="no such file"):
        fetch(client, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- checksums ------------------------------------------------------------------------

GOOD = base64.b64encode(hashlib.md5(DATA, usedforsecurity=False).digest()).decode()
BAD = base64.b64encode(b"0" * 16).decode()


@pytest.mark.parametrize("header", ["Content-MD5: {}", "x-ms-blob-content-md5: {}", "x-goog-hash: crc32c=AA==,md5={}"])
def test_a_checksum_of_the_storage_is_compared(header: str, filled: Bucket, client: Any, tmp_path: Path) -> None:
    filled.etags = False
    filled.headers = [header.format(GOOD)]
    fetch(client, tmp_path)
    filled.headers = [header.format(BAD)]
    with pytest.raises(ubiops.InvalidResponseError, match="is damaged: the storage states the MD5 3030"):
        fetch(client, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]
    # Once more, in case the bytes were changed on the way.
    assert len(filled.of_kind("get")) == 3


def test_a_damaged_download_is_repeated(filled: Bucket, client: Any, tmp_path: Path) -> None:
    damaged = DATA[:-1] + bytes([DATA[-1] ^ 1])
    filled.faults["get"] = [reply(200, damaged, f"ETag: {etag_of(DATA)}")]
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA


@pytest.mark.parametrize(
    "headers",
    [
        ['ETag: "not-an-md5"'],
        [f'ETag: "{"0" * 32}-7"'],
        [f'ETag: "{"0" * 32}"', "x-amz-server-side-encryption: aws:kms"],
        [f'ETag: "{"0" * 32}"', "x-amz-server-side-encryption-customer-algorithm: AES256"],
        [f'ETag: W/"{"0" * 32}"'],
        ["Content-MD5: ?", "x-goog-hash: nothing"],
    ],
)
def test_an_etag_that_is_no_checksum_is_not_compared(
    headers: list[str], filled: Bucket, client: Any, tmp_path: Path
) -> None:
    filled.etags = False
    filled.headers = headers
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA


# --- interrupted downloads ------------------------------------------------------------


@pytest.mark.usefixtures("small_limit")
def test_an_interrupted_download_is_continued_by_the_next_call(filled: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    filled.faults["get"] = [cut(DATA, 2 << 20)]
    with pytest.raises(ubiops.ApiConnectionError):
        fetch(client, tmp_path)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".data.bin.")
    assert left.read_bytes() == DATA[: 2 << 20]
    fetch(client, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert ranges(filled)[-1] == f"bytes={2 << 20}-"


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("how", ["too little", "resume=False", "changed", "no etag"])
def test_what_can_not_be_continued_is_removed(how: str, filled: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    options = {"resume": False} if how == "resume=False" else {}
    filled.faults["get"] = [cut(DATA, 1000 if how == "too little" else 2 << 20)]
    if how == "no etag":
        data = reply(200, DATA)
        filled.faults["get"] = [lambda peer: (peer.send(data[: 2 << 20]), peer.close())]
    with pytest.raises(ubiops.ApiConnectionError):
        fetch(client, tmp_path, **options)
    assert len(list(tmp_path.iterdir())) == (1 if how == "changed" else 0)
    filled.files["folder/data.bin"] = b"another"
    fetch(client, tmp_path, **options)
    assert (tmp_path / "data.bin").read_bytes() == b"another"


@pytest.mark.usefixtures("small_limit")
def test_a_kept_file_that_is_damaged_is_noticed(filled: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    filled.faults["get"] = [cut(DATA, 2 << 20)]
    with pytest.raises(ubiops.ApiConnectionError):
        fetch(client, tmp_path)
    (left,) = tmp_path.iterdir()
    left.write_bytes(bytes(2 << 20))
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("left", [DATA, DATA + b"more"])
def test_a_kept_file_may_be_whole_or_too_long(left: bytes, filled: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    filled.faults["get"] = [cut(DATA, 2 << 20)]
    with pytest.raises(ubiops.ApiConnectionError):
        fetch(client, tmp_path)
    next(tmp_path.iterdir()).write_bytes(left)
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA


@pytest.mark.usefixtures("small_limit")
def test_a_link_in_place_of_a_kept_file_is_not_followed(filled: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    (tmp_path / "into").mkdir()
    filled.faults["get"] = [cut(DATA, 2 << 20)]
    with pytest.raises(ubiops.ApiConnectionError):
        fetch(client, tmp_path / "into")
    (left,) = (tmp_path / "into").iterdir()
    left.unlink()
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    left.symlink_to(victim)
    fetch(client, tmp_path / "into")
    assert victim.read_bytes() == b"mine"
    assert (tmp_path / "into" / "data.bin").read_bytes() == DATA


@pytest.mark.usefixtures("small_limit")
def test_what_an_interrupted_write_has_written_is_kept(tmp_path: Path) -> None:
    # Ctrl-C can arrive when the bytes are in the file but not counted yet.
    part = Partial(str(tmp_path / "data.bin"), "identity")
    (file,) = tmp_path.iterdir()
    file.write_bytes(DATA)
    part.leave()
    assert file.read_bytes() == DATA
    continued = Partial(str(tmp_path / "data.bin"), "identity")
    assert continued.offset == len(DATA)
    continued.discard()


KILLED = """
import sys
import ubiops, ubiops._storage.partial, ubiops._storage.download
ubiops._storage.partial.KEPT_SIZE = ubiops._storage.download.KEPT_SIZE = 1 << 20
from ubiops.utils import download_file
client = ubiops.ApiClient(ubiops.Configuration(host=sys.argv[1], token="x", proxy=""))
download_file(client, "p", file_name="folder/data.bin", output_path=sys.argv[2], _progress_bar=False)
"""


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_a_killed_download_is_continued(how: str, filled: Bucket, client: Any, tmp_path: Path) -> None:
    import signal
    import threading

    begun, ended = threading.Event(), threading.Event()

    def stall(peer: Any) -> None:
        peer.send(reply(200, DATA, f"ETag: {etag_of(DATA)}")[: -(1 << 20)])
        begun.set()
        ended.wait(PATIENCE)
        peer.close()

    filled.faults["get"] = [stall]
    root = str(Path(ubiops.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, filled.host, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": root},
        stderr=subprocess.PIPE,
    )
    try:
        assert begun.wait(PATIENCE)
        waited = 0.0
        while sum(path.stat().st_size for path in tmp_path.iterdir()) < 2 << 20:
            assert process.poll() is None
            ended.wait(0.01)
            waited += 0.01
            assert waited < PATIENCE
        process.send_signal(signal.SIGKILL if how == "kill" else signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        ended.set()
        process.kill()
        process.wait()
    assert how == "kill" or b"KeyboardInterrupt" in errors
    assert [path.name[:10] for path in tmp_path.iterdir()] == [".data.bin."]
    fetch(client, tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert str(ranges(filled)[-1]).startswith("bytes=2")


# --- the disk, and time ---------------------------------------------------------------


def test_an_existing_file_stays_until_the_new_one_is_complete(filled: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    target = tmp_path / "data.bin"
    target.write_bytes(b"old")
    filled.faults["get"] = [cut(DATA, 1000)]
    with pytest.raises(ubiops.ApiConnectionError):
        fetch(client, target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_does_not_exist_is_an_error(filled: Bucket, client: Any, tmp_path: Path) -> None:
    with pytest.raises(ubiops.ApiFileNotFoundError, match="can't be saved in"):
        fetch(client, tmp_path / "nothing" / "data.bin")


FULL = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import ubiops
from ubiops.utils import download_file
client = ubiops.ApiClient(ubiops.Configuration(host=sys.argv[1], token="x", proxy=""))
try:
    download_file(client, "p", file_name="folder/data.bin", output_path=sys.argv[2], _progress_bar=False)
except ubiops.ApiFileError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of processes")
def test_a_full_disk_is_one_error_and_leaves_nothing(filled: Bucket, tmp_path: Path) -> None:
    root = str(Path(ubiops.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", FULL, filled.host, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert "a download can't be saved in" in done.stdout
    assert "File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_timeout_is_for_all_of_it(filled: Bucket, tmp_path: Path) -> None:
    import time

    def drip(peer: Any) -> None:
        peer.send(reply(200, DATA, f"ETag: {etag_of(DATA)}")[:1000])
        for _ in range(400):
            time.sleep(0.02)
            peer.send(b"x")

    filled.faults["get"] = [drip] * 20
    with client_of(filled) as client:
        started = time.monotonic()
        with pytest.raises(ubiops.ApiTimeoutError):
            fetch(client, tmp_path, timeout=0.4)
    assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []
