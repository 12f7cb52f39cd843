"""Multipart bodies and downloads."""

from __future__ import annotations

import email
import email.policy
import io
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from scripted import Wire, client_of, reply

import ubiops
from ubiops._core.decoding import BLOCK
from ubiops._io.downloads import disposition_filename, safe_filename, save
from ubiops._io.multipart import MultipartBody, multipart_name
from ubiops._io.sources import FileSource


def parts_of(body: MultipartBody) -> list[Any]:
    """Returns the parts of a body, as parsed by Python's email package."""
    raw = b"".join(bytes(block) for block in body)
    if body.length is not None:
        assert len(raw) == body.length
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + raw, policy=email.policy.HTTP)
    assert not message.defects
    return list(message.iter_parts())


def test_a_body_contains_fields_and_files(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    path.write_bytes(b"\x00\r\n--zip")
    body = MultipartBody({"source": "é", "empty": ""}, {"file": FileSource(path)})
    source, empty, file = parts_of(body)
    assert (source.get_param("name", header="content-disposition"), source.get_payload(decode=True)) == (
        "source",
        "é".encode(),
    )
    assert empty.get_payload(decode=True) == b""
    assert (file.get_param("name", header="content-disposition"), file.get_filename()) == ("file", "code.zip")
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_payload(decode=True) == b"\x00\r\n--zip"


@pytest.mark.parametrize("kind", ["str", "path", "bytes", "bytearray", "memoryview", "open", "BytesIO"])
def test_a_file_can_be_passed_in_several_forms_and_read_again(kind: str, tmp_path: Path) -> None:
    content = os.urandom(3 * BLOCK + 5)
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    given: dict[str, Any] = {
        "str": str(path),
        "path": path,
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "BytesIO": io.BytesIO(content),
    }
    with path.open("rb") as opened:
        source = FileSource(opened if kind == "open" else given[kind])
        assert source.size == len(content)
        assert source.rewindable
        for _ in range(2):
            assert b"".join(bytes(block) for block in source.blocks()) == content
    assert source.filename == ("a.zip" if kind in ("str", "path", "open") else "file")


def test_an_open_file_is_sent_from_its_current_position() -> None:
    opened = io.BytesIO(b"0123456789")
    opened.seek(4)
    source = FileSource(opened)
    assert source.size == 6
    assert b"".join(source.blocks()) == b"456789"
    assert b"".join(source.blocks()) == b"456789"


def test_a_pipe_is_read_once_and_has_no_length() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as out:
            out.write(b"x" * 100_000)

    writer = threading.Thread(target=write)
    writer.start()
    with open(reading, "rb") as pipe:
        source = FileSource(pipe)
        assert source.size is None
        assert not source.rewindable
        assert MultipartBody({}, {"file": source}).length is None
        assert b"".join(source.blocks()) == b"x" * 100_000
    writer.join()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_files_of_about_one_block_are_read_completely(size: int) -> None:
    (file,) = parts_of(MultipartBody({}, {"file": FileSource(b"a" * size)}))
    assert file.get_payload(decode=True) == b"a" * size


def test_a_value_that_is_not_a_readable_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ubiops.ApiValueError, match="No such file"):
        FileSource(tmp_path / "missing.zip")
    with pytest.raises(ubiops.ApiValueError, match="has no files to pack"):
        FileSource(str(tmp_path))
    with pytest.raises(ubiops.ApiValueError, match="null"):
        FileSource("a\0b")
    with pytest.raises(ubiops.ApiTypeError, match="got int: 5"):
        FileSource(5)
    (tmp_path / "text").write_text("x")
    with (tmp_path / "text").open() as opened, pytest.raises(ubiops.ApiTypeError, match="'rb'"):
        FileSource(opened)
    with pytest.raises(ubiops.ApiTypeError, match="'rb'"):
        FileSource(io.StringIO("x"))
    (closed := io.BytesIO()).close()
    with pytest.raises(ubiops.ApiValueError, match="closed"):
        FileSource(closed)
    with (tmp_path / "text").open("wb") as writing, pytest.raises(ubiops.ApiValueError, match="for writing only"):
        FileSource(writing)


@pytest.mark.parametrize(
    ("size", "how"), [(10, "ended 90 bytes early"), (101, "has grown"), (0, "ended 100 bytes early")]
)
def test_a_file_that_changes_is_an_error(size: int, how: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"x" * 100)
    source = FileSource(path)
    path.write_bytes(b"x" * size)
    with pytest.raises(ubiops.ApiRequestError, match=how):
        list(source.blocks())


def test_a_file_that_is_deleted_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"x")
    source = FileSource(path)
    path.unlink()
    with pytest.raises(ubiops.ApiRequestError, match=r"'a\.zip' can't be read: No such file"):
        list(source.blocks())


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"b.zip', "a%22b.zip"),
        ("a\r\nb: c", "a%0D%0Ab: c"),
        ("é.zip", "é.zip"),
        ("a\\b", "a\\b"),
        ("100%.zip", "100%.zip"),
        ("\ud800", "?"),
    ],
)
def test_names_are_escaped_as_the_html_standard_requires(name: str, sent: str) -> None:
    assert multipart_name(name) == sent


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, None),
        ("", None),
        ("attachment", None),
        ("attachment; filename=a.zip", "a.zip"),
        ('attachment; filename="a b.zip"', "a b.zip"),
        ('attachment; filename="a\\"b.zip"', 'a"b.zip'),
        ('attachment; filename="a;b.zip"', "a;b.zip"),
        ("attachment;filename = a.zip ; x=y", "a.zip"),
        ("attachment; FILENAME=a.zip", "a.zip"),
        ("attachment; filename=a%20b.zip", "a b.zip"),
        ('attachment; filename="100%.zip"', "100%.zip"),
        ("attachment; filename=a.zip; filename*=UTF-8''%C3%A9.zip", "é.zip"),
        ("attachment; filename*=UTF-8'en'%C3%A9.zip; filename=a.zip", "é.zip"),
        ("attachment; filename*=nonsense; filename=a.zip", "a.zip"),
        ("attachment; filename*=no-such-charset''a; filename=b.zip", "b.zip"),
        ("attachment; filename*=utf-8''%ff; filename=b.zip", "b.zip"),
        ('attachment; filename="Ã©.zip"', "é.zip"),
    ],
)
def test_the_file_name_in_a_content_disposition(header: str | None, name: str | None) -> None:
    assert disposition_filename(header) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.zip", "a.zip"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\x.zip", "x.zip"),
        ("C:x.zip", "x.zip"),
        ("a.zip:stream", "stream"),
        ("..", "download.zip"),
        (".", "download.zip"),
        ("", "download.zip"),
        (None, "download.zip"),
        ("a/", "download.zip"),
        (".bashrc", "bashrc"),
        ("...hidden", "hidden"),
        ("a\x00b\r\n.zip", "a_b__.zip"),
        ("a\u202egpj.zip", "a_gpj.zip"),
        ("a\u2028.zip", "a_.zip"),
        ("\x00\x01", "download.zip"),
        ("con", "_con"),
        ("NUL.zip", "_NUL.zip"),
        ("com1.txt", "_com1.txt"),
        ("console.zip", "console.zip"),
        ('a<>"|?*b.zip', "a______b.zip"),
        ("name. ", "name"),
        ("é.zip", "é.zip"),
        ("~", "~"),
    ],
)
def test_a_file_name_from_a_server_is_made_safe(name: str | None, safe: str) -> None:
    assert safe_filename(name) == safe


@pytest.mark.parametrize("name", ["x" * 5000 + ".zip", "é" * 5000 + ".zip", "x" * 5000, "a." + "z" * 5000])
def test_a_long_name_is_shortened(name: str) -> None:
    assert len(os.fsencode(safe_filename(name))) <= 210
    assert safe_filename(name).endswith(".zip") == name.endswith(".zip")


def test_a_download_does_not_overwrite_a_file_by_default(tmp_path: Path) -> None:
    folder = str(tmp_path)
    paths = [save([b"1"], folder, "a.zip"), save([b"2"], folder, "a.zip"), save([b"3"], folder, "a.zip")]
    assert [Path(path).name for path in paths] == ["a.zip", "a (1).zip", "a (2).zip"]
    assert save([b"4"], folder, "a.zip", overwrite=True) == paths[0]
    assert [Path(path).read_bytes() for path in paths] == [b"4", b"2", b"3"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a (1).zip", "a (2).zip", "a.zip"]


def test_names_without_an_extension_are_numbered_too(tmp_path: Path) -> None:
    assert [Path(save([b""], str(tmp_path), "code")).name for _ in range(2)] == ["code", "code (1)"]


def test_a_file_system_without_links_is_supported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    assert [Path(save([b"x"], str(tmp_path), "a.zip")).name for _ in range(2)] == ["a.zip", "a (1).zip"]
    assert (tmp_path / "a.zip").read_bytes() == b"x"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_claimed_name_is_released_if_the_file_can_not_be_moved(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On file systems without links, the empty file would look like the download."""

    def fail(kind: type[BaseException]) -> Any:
        def act(*args: Any) -> None:
            raise kind

        return act

    monkeypatch.setattr(os, "link", fail(OSError))
    monkeypatch.setattr(os, "replace", fail(error))
    with pytest.raises(error):
        save([b"x"], str(tmp_path), "a.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failed_download_leaves_nothing_behind(error: type[BaseException], tmp_path: Path) -> None:
    def blocks() -> Any:
        yield b"half"
        assert len(list(tmp_path.iterdir())) == 1
        assert not (tmp_path / "a.zip").exists()
        raise error

    with pytest.raises(error):
        save(blocks(), str(tmp_path), "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_download_into_a_missing_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"can't be saved in .*: No such file or directory"):
        save([b""], str(tmp_path / "nowhere"), "a.zip")


def test_a_saved_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    saved = save([b""], str(tmp_path), "a.zip")
    assert os.stat(saved).st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("content", [b"class Deployment: ...", b"<html>", b"PK", b"PK\x05\x07", b""])
def test_a_path_of_a_file_that_is_not_a_zip_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    with pytest.raises(ubiops.ApiValueError) as caught:
        FileSource(path, archive=True)
    assert str(caught.value) == (
        f"file must be a zip file, but {str(path)!r} {'is not one' if content else 'is empty'}. Give a zip file, or "
        f"a folder to pack into one. To send this file as it is, open it: file=open({str(path)!r}, 'rb')"
    )
    assert FileSource(path).size == len(content)
    with path.open("rb") as opened:
        assert FileSource(opened, archive=True).size == len(content)
    assert FileSource(content, archive=True).size == len(content)


def test_a_zip_archive_is_recognized_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "package"
    for names in ((), ("deployment.py",)):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "")
        assert FileSource(path, archive=True).size == path.stat().st_size


def test_only_files_that_must_be_archives_are_checked(tmp_path: Path) -> None:
    """An environment without a base is an image, which is no zip archive."""
    from ubiops.api import deployments, environments, imports_and_exports

    assert deployments._REVISIONS_FILE_UPLOAD.archives == ("file",)
    assert imports_and_exports._IMPORTS_CREATE.archives == ("file",)
    assert environments._ENVIRONMENT_REVISIONS_FILE_UPLOAD.archives == ()


def test_without_validation_any_file_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "package.py"
    path.write_bytes(b"class Deployment: ...")
    with Wire([reply(201, {"revision": "r"})]) as server, client_of(server) as client:
        api = ubiops.CoreApi(client)
        with pytest.raises(ubiops.ApiValueError, match="must be a zip file"):
            api.revisions_file_upload("p", "d", "v", file=path)
        assert server.connections == 0
        client.client_side_validation = False
        assert api.revisions_file_upload("p", "d", "v", file=path).revision == "r"
