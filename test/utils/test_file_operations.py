"""Files go to the storage and come from it through signed URLs: whole, and without the
token."""

from __future__ import annotations

import json
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from buckets import Bucket, storage_error
from scripted import TOKEN, reply

import ubiops
import ubiops.utils
from ubiops.utils import UbiOpsFile, download_file, upload_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(b"x" * 300_000)
    return path


def cut_off(peer: Any) -> None:
    peer.close()


@pytest.mark.parametrize("provider", ["ubiops", "azure_blob_storage"])
def test_an_upload_sends_the_bytes_to_the_signed_address(
    provider: str, bucket: Bucket, client: Any, file: Path
) -> None:
    bucket.provider = provider
    assert upload_file(client, "project-1", str(file)) == "ubiops-file://default/data.bin"
    sign, put = bucket.requests
    assert (sign.method, sign.target) == ("POST", "/v2.1/projects/project-1/buckets/default/files/data.bin")
    assert sign.headers["authorization"] == f"Token {TOKEN}"
    assert sign.headers["x-mine"] == "for the API only"
    assert put.method == "PUT"
    assert put.target.endswith("?number=1&X-Amz-Signature=5ecret&sig=5ecret2")
    assert put.body == b"x" * 300_000
    assert put.headers["content-length"] == "300000"
    assert not {"authorization", "x-mine", "content-type", "cookie"} & set(put.headers)
    azure = {name: value for name, value in put.headers.items() if name.startswith("x-ms-")}
    assert azure == ({"x-ms-version": "2020-04-08", "x-ms-blob-type": "BlockBlob"} if provider[0] == "a" else {})


def test_names_and_buckets_are_free(bucket: Bucket, client: Any, file: Path) -> None:
    api = ubiops.CoreApi(client)
    assert upload_file(api, "project-1", file, "mine", "folder/é.bin", False) == "ubiops-file://mine/folder/é.bin"
    assert bucket.requests[0].target.endswith("/buckets/mine/files/folder%2F%C3%A9.bin")


def test_an_empty_file_is_uploaded_and_downloaded(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    upload_file(client, "project-1", tmp_path / "empty")
    assert bucket.requests[1].headers["content-length"] == "0"
    download_file(client, "project-1", file_name="empty", output_path=tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_errors_of_the_storage_say_what_it_says_and_no_secret(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.expired = {1, 2}
    with pytest.raises(ubiops.ForbiddenError) as caught:
        upload_file(client, "project-1", file)
    text = str(caught.value)
    assert "Request has expired" in text
    assert "the signed address may have expired" in text
    assert "5ecret" not in text + repr(caught.value.__dict__)
    assert TOKEN not in text
    # One was signed again, because it could have expired.
    assert bucket.seen == ["sign", "put", "sign", "put"]


def test_errors_of_the_storage_are_typed(bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["put"] = [storage_error(404, "NoSuchBucket", "The bucket is gone")]
    with pytest.raises(ubiops.NotFoundError, match="The bucket is gone"):
        upload_file(client, "project-1", file)
    bucket.faults["put"] = [storage_error(400, "EntityTooLarge", "Too much")]
    with pytest.raises(ubiops.BadRequestError, match="Too much"):
        upload_file(client, "project-1", file)


def test_a_broken_connection_shows_no_secret(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    client.configuration.max_retries = 0
    bucket.files["a"] = b"a"
    bucket.faults["get"] = [cut_off]
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        download_file(client, "project-1", file_name="a", output_path=tmp_path)
    assert "5ecret" not in str(caught.value) + repr(caught.value.__dict__)


def test_logs_show_no_signature(bucket: Bucket, client: Any, file: Path, caplog: Any, tmp_path: Path) -> None:
    bucket.faults = {"put": [cut_off], "get": [cut_off]}
    with caplog.at_level(logging.DEBUG):
        upload_file(client, "project-1", file)
        download_file(client, "project-1", file_name="data.bin", output_path=tmp_path / "copy")
    assert "/storage/" in caplog.text
    assert "5ecret" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "\x00",
        "no address",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://user:secret@127.0.0.1/x",
        "http:///x",
        "http://a b/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str, bucket: Bucket, client: Any, file: Path) -> None:
    bucket.faults["sign"] = [reply(201, {"url": url, "provider": "ubiops"})]
    with pytest.raises(ubiops.InvalidResponseError, match="signed address"):
        upload_file(client, "project-1", file)
    assert len(bucket.requests) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c, p: upload_file(c, "p", p / "nothing"), "can't be read from"),
        (lambda c, p: upload_file(c, "p", p), "file_path must be a file, got the folder"),
        (lambda c, p: upload_file(c, "p", 5), "file_path must be a path, got int"),
        (lambda c, p: upload_file(c, "p", "/dev/null"), "not a regular file"),
        (lambda c, p: upload_file(c, "p", p / "a", ""), "bucket must not be empty"),
        (lambda c, p: upload_file(c, "p", p / "a", "a/b"), "is not a valid name of a bucket"),
        (lambda c, p: upload_file(c, "p", p / "a", "b", ""), "file must not be empty"),
        (lambda c, p: upload_file("c", "p", p / "a"), r"upload_file\(\): 'client' must be an ApiClient or a CoreApi"),
        (lambda c, p: upload_file(c, "p", p / "a", timeout=0), "timeout must be a number of seconds above 0"),
        (lambda c, p: upload_file(c, "p", p / "a", on_progress=5), "on_progress must be a function"),
        (lambda c, p: upload_file(c, "p", p / "a", _progress_bar=5), "_progress_bar must be True or False"),
        (lambda c, p: upload_file(c, "", p / "a"), "does not accept an empty string for 'project_name'"),
        (lambda c, p: download_file(c, "p"), "either file_name or file_uri"),
        (lambda c, p: download_file(c, "p", file_name="a", file_uri="b"), "either file_name or file_uri"),
        (lambda c, p: download_file(c, "p", file_uri="s3://a/b"), "is not the URI of a file"),
        (lambda c, p: download_file(c, "p", file_uri="ubiops-file://a"), "is not the URI of a file"),
        (lambda c, p: download_file(c, "p", file_name="a", output_path=f"{p}/no/"), "there is no such folder"),
    ],
)
def test_wrong_arguments_are_refused_before_a_call(
    call: Any, message: str, bucket: Bucket, client: Any, tmp_path: Path
) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(ubiops.exceptions.OpenApiException, match=message):
        call(client, tmp_path)
    assert bucket.requests == []


def test_progress_is_reported(bucket: Bucket, client: Any, file: Path, tmp_path: Path, capsys: Any) -> None:
    sent: list[Any] = []
    upload_file(client, "project-1", file, _progress_bar=False, on_progress=lambda *state: sent.append(state))
    assert sent[-1] == (300_000, 300_000)
    assert sent == sorted(sent)
    received: list[Any] = []
    download_file(
        client,
        "project-1",
        file_name="data.bin",
        output_path=tmp_path / "copy",
        _progress_bar=False,
        on_progress=lambda *state: received.append(state),
    )
    assert received[-1] == (300_000, 300_000)
    assert capsys.readouterr().err == ""
    upload_file(client, "project-1", file)
    # Without tqdm, the progress is text on a terminal only.
    assert ("upload" in capsys.readouterr().err) == (find_spec("tqdm") is not None)


def test_a_progress_function_that_fails_ends_the_transfer(bucket: Bucket, client: Any, file: Path) -> None:
    def fail(done: int, total: int | None) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        upload_file(client, "project-1", file, on_progress=fail)
    assert bucket.files == {}


def test_a_file_and_its_uri() -> None:
    file = UbiOpsFile.from_uri("ubiops-file://default/folder/name.bin")
    assert (file.bucket, file.file) == ("default", "folder/name.bin")
    assert file == UbiOpsFile("default", "folder/name.bin")
    assert str(file) == file.file_uri == "ubiops-file://default/folder/name.bin"
    assert len({file, UbiOpsFile("default", "folder/name.bin")}) == 1
    assert repr(file) == "UbiOpsFile(bucket='default', file='folder/name.bin')"
    assert UbiOpsFile.remove_file_prefix("default/x") == "default/x"
    with pytest.raises(ubiops.ApiTypeError):
        UbiOpsFile.from_uri(5)  # type: ignore[arg-type]
    assert json.dumps(file.file_uri)
