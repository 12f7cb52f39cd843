"""Files as the client and the code of deployments use them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from bucket_files import fetch, put, stored

import ubiops
from ubiops.emulator.areas.files.names import parse_uri
from ubiops.emulator.core.errors import ApiError


@pytest.fixture
def files(api: Any) -> str:
    """The path of the files in the default bucket."""
    return f"{api.project}/buckets/default/files"


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
