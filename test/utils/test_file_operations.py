"""Files go to the storage through signed addresses: without the token, and whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted import TOKEN, Peer, Wire, client_of, reply, then_close

import ubiops
import ubiops.utils
from ubiops.utils import UbiOpsFile, download_file, upload_file

SIGNED = "/bucket/a%2Fb.bin?X-Amz-Signature=5ecret&sig=5ecret2&x=%7E"


class Storage:
    """An API and a storage on one server: each signed address leads to the storage."""

    def __init__(self, *steps: Any, provider: str = "ubiops", url: str | None = None) -> None:
        self.provider = provider
        self.url = url
        self.wire = Wire([self._sign, *steps])

    def _sign(self, peer: Peer) -> None:
        peer.read_request()
        url = self.url or f"{self.wire.origin}{SIGNED}"
        peer.send(reply(201, {"url": url, "provider": self.provider}))


@pytest.fixture
def api_for() -> Iterator[Any]:
    """Creates clients of a storage."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(storage: Storage, **settings: Any) -> Any:
            stack.enter_context(storage.wire)
            client = stack.enter_context(client_of(storage.wire, **settings))
            client.set_default_header("X-Mine", "for the API only")
            return client

        yield make


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(b"x" * 300_000)
    return path


@pytest.mark.parametrize("provider", ["ubiops", "azure_blob_storage"])
def test_an_upload_sends_the_bytes_to_the_signed_address(provider: str, api_for: Any, file: Path) -> None:
    storage = Storage(reply(200, b""), provider=provider)
    assert upload_file(api_for(storage), "project-1", str(file)) == "ubiops-file://default/data.bin"
    sign, put = storage.wire.requests
    assert (sign.method, sign.target) == ("POST", "/v2.1/projects/project-1/buckets/default/files/data.bin")
    assert sign.headers["authorization"] == f"Token {TOKEN}"
    assert (put.method, put.target, put.body) == ("PUT", SIGNED, b"x" * 300_000)
    assert put.headers["content-length"] == "300000"
    assert not {"authorization", "x-mine", "content-type", "cookie"} & set(put.headers)
    azure = {name: value for name, value in put.headers.items() if name.startswith("x-ms-")}
    assert azure == ({"x-ms-version": "2020-04-08", "x-ms-blob-type": "BlockBlob"} if provider[0] == "a" else {})


def test_names_and_buckets_are_free(api_for: Any, file: Path) -> None:
    storage = Storage(reply(200, b""))
    api = ubiops.CoreApi(api_for(storage))
    assert upload_file(api, "project-1", file, "mine", "folder/é.bin", False) == "ubiops-file://mine/folder/é.bin"
    assert storage.wire.requests[0].target.endswith("/buckets/mine/files/folder%2F%C3%A9.bin")


def test_an_empty_file_is_uploaded(api_for: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    storage = Storage(reply(200, b""))
    upload_file(api_for(storage), "project-1", tmp_path / "empty")
    assert storage.wire.requests[1].headers["content-length"] == "0"


def test_a_failed_upload_is_retried_from_the_start(api_for: Any, file: Path) -> None:
    storage = Storage(then_close(), reply(200, b""))
    upload_file(api_for(storage, retry_deadline=20), "project-1", file)
    assert [one.body for one in storage.wire.requests[1:]] == [b"x" * 300_000] * 2


def test_errors_of_the_storage_say_what_it_says_and_no_secret(api_for: Any, file: Path) -> None:
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
    storage = Storage(reply(403, body, "Content-Type: application/xml"))
    with pytest.raises(ubiops.ForbiddenError) as caught:
        upload_file(api_for(storage), "project-1", file)
    text = str(caught.value)
    assert "Request has expired" in text
    assert "the signed address may have expired" in text
    assert "5ecret" not in text + repr(caught.value.__dict__)
    assert TOKEN not in text


def test_a_broken_connection_shows_no_secret(api_for: Any, tmp_path: Path) -> None:
    storage = Storage(then_close())
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        download_file(api_for(storage, max_retries=0), "project-1", file_name="a", output_path=tmp_path)
    assert "5ecret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://user:secret@127.0.0.1/x",
        "http:///x",
        "http://a b/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str, api_for: Any, file: Path) -> None:
    storage = Storage(url=url or "\x00")
    with pytest.raises(ubiops.InvalidResponseError, match="signed address"):
        upload_file(api_for(storage), "project-1", file)
    assert len(storage.wire.requests) == 1


@pytest.mark.parametrize("by", ["name", "uri"])
def test_a_download_is_saved_under_a_safe_name(by: str, api_for: Any, tmp_path: Path) -> None:
    storage = Storage(reply(200, b"content", "Content-Disposition: attachment; filename=other"))
    name = "folder/../..\\data.bin"
    names: dict[str, Any] = {"file_name": name} if by == "name" else {"file_uri": f"ubiops-file://default/{name}"}
    path = download_file(api_for(storage), "project-1", output_path=tmp_path, **names)
    assert path == str(tmp_path / "data.bin")
    assert Path(path).read_bytes() == b"content"
    sign, get = storage.wire.requests
    assert sign.target.endswith("/files/folder%2F..%2F..%5Cdata.bin/download")
    assert (get.method, get.target) == ("GET", SIGNED)
    assert not {"authorization", "x-mine"} & set(get.headers)


def test_a_download_replaces_a_file_only_when_it_is_complete(api_for: Any, tmp_path: Path) -> None:
    target = tmp_path / "data.bin"
    target.write_bytes(b"old")
    storage = Storage(then_close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"))
    with pytest.raises(ubiops.ApiConnectionError):
        download_file(api_for(storage, max_retries=0), "project-1", file_name="a", output_path=target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
    storage = Storage(reply(200, b"new"))
    download_file(api_for(storage), "project-1", file_name="a", output_path=str(target))
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c, p: upload_file(c, "p", p / "nothing"), "can't be read from"),
        (lambda c, p: upload_file(c, "p", p), "file_path must be a file, got the folder"),
        (lambda c, p: upload_file(c, "p", 5), "file_path must be a path, got int"),
        (lambda c, p: upload_file(c, "p", p / "a", ""), "bucket must not be empty"),
        (lambda c, p: upload_file(c, "p", p / "a", "a/b"), "is not a valid name of a bucket"),
        (lambda c, p: upload_file(c, "p", p / "a", "b", ""), "file must not be empty"),
        (lambda c, p: upload_file("c", "p", p / "a"), r"upload_file\(\) takes an ApiClient or a CoreApi"),
        (lambda c, p: download_file(c, "p"), "either file_name or file_uri"),
        (lambda c, p: download_file(c, "p", file_name="a", file_uri="b"), "either file_name or file_uri"),
        (lambda c, p: download_file(c, "p", file_uri="s3://a/b"), "is not the URI of a file"),
        (lambda c, p: download_file(c, "p", file_uri="ubiops-file://a"), "is not the URI of a file"),
    ],
)
def test_wrong_arguments_are_refused_before_a_call(call: Any, message: str, api_for: Any, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    storage = Storage()
    client = api_for(storage)
    with pytest.raises(ubiops.exceptions.OpenApiException, match=message):
        call(client, tmp_path)
    assert storage.wire.requests == []


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
