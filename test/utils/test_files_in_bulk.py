"""Many files at once: every file in its place, and one error for all."""

from __future__ import annotations

import os
import threading
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from buckets import Bucket, storage_error
from scripted import PATIENCE, Request, reply

import ubiops
from ubiops.utils import download_files, handle_file_input, upload_files

FILES = {"a.txt": b"a", "sub/b.txt": b"b" * 5000, "sub/deeper/c.txt": b"", ".hidden": b"h", "sub/ü.txt": b"u"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", FILES)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def up(client: Any, paths: Any, *arguments: Any, **options: Any) -> list[str]:
    return upload_files(client, "p", paths, *arguments, _progress_bar=False, **options)


def down(client: Any, folder: Path, **options: Any) -> list[str]:
    return download_files(client, "p", output_path=folder, _progress_bar=False, **options)


@pytest.mark.parametrize("parallel", [1, 2, 5, 64])
def test_a_folder_goes_to_a_bucket_and_back(
    parallel: int, bucket: Bucket, client: Any, folder: Path, tmp_path: Path
) -> None:
    uris = up(client, [folder], parallel_uploads=parallel)
    assert bucket.files == FILES
    # The files of a folder come before those in its folders, by name.
    assert uris == [
        f"ubiops-file://default/{name}" for name in (".hidden", "a.txt", "sub/b.txt", "sub/ü.txt", "sub/deeper/c.txt")
    ]
    paths = down(client, tmp_path / "copy", parallel_downloads=parallel)
    assert read(tmp_path / "copy") == FILES
    assert paths == [str(tmp_path / "copy" / name) for name in sorted(FILES)]


@pytest.mark.parametrize("prefix", ["into/it", "into/it/"])
def test_a_prefix_gets_its_slash(prefix: str, bucket: Bucket, client: Any, folder: Path) -> None:
    up(client, [folder / "sub", str(folder / "a.txt")], "default", prefix)
    assert sorted(bucket.files) == ["into/it/a.txt", "into/it/b.txt", "into/it/deeper/c.txt", "into/it/ü.txt"]


def test_nothing_to_upload_is_no_error(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    assert up(client, []) == []
    assert up(client, [tmp_path]) == []
    assert down(client, tmp_path) == []
    assert bucket.seen == ["list"]


def test_one_path_is_accepted(bucket: Bucket, client: Any, folder: Path) -> None:
    assert up(client, folder / "a.txt") == ["ubiops-file://default/a.txt"]
    assert up(client, (path for path in [folder / "a.txt"])) == ["ubiops-file://default/a.txt"]


def test_links_are_followed_to_files_only(bucket: Bucket, client: Any, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "other", {"x.txt": b"x"})
    (folder / "link.txt").symlink_to(tmp_path / "other" / "x.txt")
    (folder / "sub" / "loop").symlink_to(folder)
    up(client, [folder])
    assert bucket.files == {**FILES, "link.txt": b"x"}


def test_what_interrupted_transfers_left_is_not_uploaded(bucket: Bucket, client: Any, folder: Path) -> None:
    left = [".a.txt.0123456789abcdef.upload", ".a.txt.0123456789abcdef.part", ".0123456789abcdef.part"]
    write(folder, dict.fromkeys(left, b"left"))
    up(client, [folder])
    assert bucket.files == FILES


@pytest.mark.parametrize(
    ("paths", "error", "message"),
    [
        (lambda f: [f / "a.txt", f / "nothing"], ubiops.ApiFileNotFoundError, "nothing"),
        (lambda f: [f, f / "a.txt"], ubiops.ApiValueError, "would both become 'a.txt' in the bucket"),
        (lambda f: [5], ubiops.ApiTypeError, "file_paths must be a path, got int"),
        (lambda f: 5, ubiops.ApiTypeError, "file_paths must be a list of paths, got int"),
        (lambda f: ["/dev/null"], ubiops.ApiValueError, "not a regular file"),
    ],
)
def test_bad_paths_are_refused_before_anything_is_sent(
    paths: Any, error: Any, message: str, bucket: Bucket, client: Any, folder: Path
) -> None:
    with pytest.raises(error, match=message) as caught:
        up(client, paths(folder))
    assert isinstance(caught.value, (ValueError, TypeError))
    assert bucket.requests == []


@pytest.mark.parametrize("value", [0, -1, 65, True, "5", None])
def test_the_number_of_transfers_is_checked(value: Any, bucket: Bucket, client: Any, tmp_path: Path) -> None:
    with pytest.raises(ubiops.ApiValueError, match="parallel_uploads must be an integer from 1 to 64"):
        up(client, [tmp_path], parallel_uploads=value)
    with pytest.raises(ubiops.ApiValueError, match="parallel_downloads must be an integer from 1 to 64"):
        down(client, tmp_path, parallel_downloads=value)


def test_transfers_run_at_the_same_time(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    together = threading.Barrier(5, timeout=PATIENCE)

    def wait(request: Request) -> Any:
        together.wait()
        return bucket._store(request.method.lower(), request)

    wait.by_request = True  # type: ignore[attr-defined]
    bucket.faults = {"put": [wait] * 5, "get": [wait] * 5}
    write(tmp_path / "in", {str(number): b"x" for number in range(5)})
    up(client, [tmp_path / "in"])
    down(client, tmp_path / "out")
    assert read(tmp_path / "out") == read(tmp_path / "in")


def test_connections_are_reused(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    write(tmp_path / "in", {str(number): b"x" for number in range(40)})
    up(client, [tmp_path / "in"], parallel_uploads=3)
    assert bucket.connections <= 6


@pytest.mark.parametrize("parallel", [1, 4])
def test_the_first_error_ends_all(parallel: int, bucket: Bucket, client: Any, tmp_path: Path) -> None:
    write(tmp_path / "in", {f"{number:03}": b"x" for number in range(60)})
    bucket.faults["put"] = [None, None, storage_error(400, "Bad", "that is why")]
    with pytest.raises(ubiops.BadRequestError, match="that is why"):
        up(client, [tmp_path / "in"], parallel_uploads=parallel)
    assert len(bucket.files) < 20
    assert not [thread for thread in threading.enumerate() if thread.name == "ubiops-transfer"]


def test_a_stalled_transfer_does_not_hold_up_an_error(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    stalled = threading.Event()

    def stall(peer: Any) -> None:
        stalled.set()
        peer.wait()

    def fail(request: Request) -> Any:
        assert stalled.wait(PATIENCE)
        return storage_error(400, "Bad", "that is why")

    fail.by_request = True  # type: ignore[attr-defined]
    bucket.files = {"a": b"a", "b": b"b"}
    bucket.faults["get"] = [stall, fail]
    with pytest.raises(ubiops.BadRequestError, match="that is why"):
        down(client, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- downloads ------------------------------------------------------------------------


def test_all_pages_of_the_list_are_downloaded(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.page = 7
    bucket.files = {f"x{number:02}": str(number).encode() for number in range(30)} | {"y": b"y"}
    down(client, tmp_path, prefix="x")
    assert len(read(tmp_path)) == 30
    assert bucket.seen.count("list") == 5


def test_a_prefix_is_that_of_the_name(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.files = {"data/1": b"1", "data-2": b"2", "other": b"3"}
    down(client, tmp_path / "a", prefix="data")
    assert sorted(read(tmp_path / "a")) == ["data-2", "data/1"]
    down(client, tmp_path / "b", prefix="data/")
    assert sorted(read(tmp_path / "b")) == ["data/1"]


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../evil", "evil"),
        ("/etc/evil", "etc/evil"),
        ("a/../../evil", "a/evil"),
        ("a//b", "a/b"),
        ("./b", "b"),
        ("a\\..\\b", "a_.._b"),
        ("a\x00b", "a_b"),
        ("..hidden", "..hidden"),
    ],
)
def test_no_name_leaves_the_folder(name: str, saved: str, bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.files = {name: b"content"}
    down(client, tmp_path / "into")
    assert read(tmp_path) == {f"into/{saved}": b"content"}


def test_no_link_leads_out_of_the_folder(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "a").symlink_to(outside)
    bucket.files = {"a/b": b"content"}
    with pytest.raises(ubiops.ApiValueError, match="a link leads out of that folder"):
        down(client, tmp_path / "into")
    assert list(outside.iterdir()) == []
    # The folder itself may be one.
    (tmp_path / "linked").symlink_to(outside)
    down(client, tmp_path / "linked")
    assert read(outside) == {"a/b": b"content"}


def test_two_names_for_one_path_are_an_error(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.files = {"a/b": b"1", "a//b": b"2"}
    with pytest.raises(ubiops.ApiValueError, match="would both be saved as"):
        down(client, tmp_path)


def test_a_file_where_a_folder_should_be_is_an_error(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.files = {"a": b"1", "a/b": b"2"}
    with pytest.raises(ubiops.ApiFileError, match="can't be saved in"):
        down(client, tmp_path, parallel_downloads=1)


def test_markers_of_folders_are_left_out(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.files = {"a/": b"", "a/b": b"2"}
    down(client, tmp_path)
    assert read(tmp_path) == {"a/b": b"2"}


def test_a_list_that_fails_is_the_error(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    bucket.page = 2
    bucket.files = {str(number): b"x" for number in range(9)}
    bucket.faults["list"] = [None, reply(403, {"error": "no rights"})]
    with pytest.raises(ubiops.ForbiddenError, match="no rights"):
        down(client, tmp_path)


# --- files as input -------------------------------------------------------------------


def give(client: Any, file: Any, **options: Any) -> str:
    return handle_file_input(client, "p", file, _progress_bar=False, **options)


def test_the_uri_of_a_file_is_checked(bucket: Bucket, client: Any) -> None:
    bucket.files = {"folder/a": b"a"}
    assert give(client, "ubiops-file://mine/folder/a") == "ubiops-file://mine/folder/a"
    (request,) = bucket.requests
    assert request.target == "/v2.1/projects/p/buckets/mine/files/folder%2Fa"
    with pytest.raises(ubiops.NotFoundError, match="File ubiops-file://mine/b not found"):
        give(client, "ubiops-file://mine/b")
    with pytest.raises(ubiops.ApiValueError, match="is not the URI of a file"):
        give(client, "ubiops-file://mine")


def test_a_local_file_is_uploaded(bucket: Bucket, client: Any, folder: Path) -> None:
    assert give(client, folder / "a.txt") == "ubiops-file://default/a.txt"
    assert give(client, str(folder / "a.txt"), file_prefix="in", file_name="b") == "ubiops-file://default/in/b"
    assert bucket.files == {"a.txt": b"a", "in/b": b"a"}


def test_a_folder_is_uploaded_as_an_archive(bucket: Bucket, client: Any, folder: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(folder.parent)
    os.utime(folder / "a.txt", (0, 0))
    assert give(client, folder, file_prefix="in/") == "ubiops-file://default/in/tree.zip"
    assert give(client, ".", file_name="x.zip") == "ubiops-file://default/x.zip"
    with zipfile.ZipFile(BytesIO(bucket.files["in/tree.zip"])) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["tree"]


@pytest.mark.parametrize("file", ["nothing", "/dev/null", ""])
def test_anything_else_is_status_400(file: str, bucket: Bucket, client: Any) -> None:
    with pytest.raises(ubiops.ApiException, match="is neither a file, nor a folder, nor the URI of a file") as caught:
        give(client, file)
    assert caught.value.status == 400
    assert bucket.requests == []
