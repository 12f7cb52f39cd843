"""Unpacking untrusted archives, and working copies."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ubiops._packages.errors import UnusableError
from ubiops.emulator.runtime import packages
from ubiops.emulator.runtime.packages import Packages, has_requirements, requirements_of, unpack


def archive(folder: Path, *entries: tuple[Any, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "package.zip"
    with zipfile.ZipFile(path, "w", method) as opened:
        for name, content in entries:
            opened.writestr(name, content, method)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_files_are_unpacked_whatever_compresses_them(tmp_path: Path, method: int) -> None:
    content = os.urandom(3_000_000) + bytes(5_000_000)
    path = archive(tmp_path, ("a/b.bin", content), ("empty", b""), ("folder/", b""), method=method)
    unpack(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {"a/b.bin": content, "empty": b""}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "C:/x", "a\\..\\..\\x"])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableError, match="leads out"):
        unpack(archive(tmp_path, (name, b"x")), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} <= {"out", "package.zip"}


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def test_links_do_not_lead_anywhere(tmp_path: Path) -> None:
    link = entry("a", stat.S_IFLNK | 0o777)
    path = archive(tmp_path, (link, b"/etc"), ("a/passwd", b"x"))
    try:
        unpack(path, tmp_path / "out")
    except UnusableError:
        return
    assert not (tmp_path / "out" / "a").is_symlink()


def test_special_files_are_left_out(tmp_path: Path) -> None:
    path = archive(tmp_path, (entry("fifo", stat.S_IFIFO | 0o666), b""), ("b", b"x"))
    unpack(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {"b": b"x"}


def test_programs_stay_executable_and_nothing_gets_further_rights(tmp_path: Path) -> None:
    path = archive(tmp_path, (entry("run", stat.S_IFREG | 0o4777), b""), (entry("text", stat.S_IFREG | 0o600), b""))
    unpack(path, tmp_path / "out")
    modes = {name: stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in ("run", "text")}
    assert modes == {"run": 0o755, "text": 0o644}


def test_a_file_that_is_also_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="a file and a folder"):
        unpack(archive(tmp_path, ("a", b"x"), ("a/b", b"y")), tmp_path / "out")


def test_a_name_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="can't be written"):
        unpack(archive(tmp_path, ("x" * 300, b"x")), tmp_path / "out")


def test_a_file_that_is_larger_than_it_states_is_an_error(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a", bytes(10_000_000)))
    content = path.read_bytes()
    path.write_bytes(content.replace((10_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(UnusableError, match="larger than it states"):
        unpack(path, tmp_path / "out")


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a", b"content of a"), method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"content of a", b"content of b"))
    with pytest.raises(UnusableError, match="checksum"):
        unpack(path, tmp_path / "out")


def test_a_package_that_does_not_fit_on_the_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_RESERVE", 2**60)
    with pytest.raises(UnusableError, match="too little space"):
        unpack(archive(tmp_path, ("a", b"x")), tmp_path / "out")


def test_a_revision_is_unpacked_once_and_failures_leave_nothing(tmp_path: Path) -> None:
    kept = Packages(tmp_path / "runtime")
    path = archive(tmp_path, ("p/deployment.py", b"x"))
    package = kept.get("r1", path)
    path.unlink()
    assert kept.get("r1", path) == package
    with pytest.raises(UnusableError):
        kept.get("r2", archive(tmp_path, ("a", b"x"), ("a/b", b"y")))
    assert [each.name for each in (tmp_path / "runtime" / "packages").iterdir()] == ["r1"]


def test_working_copies_are_independent(tmp_path: Path) -> None:
    kept = Packages(tmp_path / "runtime")
    large = bytes(packages._LINKED + 1)
    package = kept.get("r1", archive(tmp_path, ("deployment.py", b"x"), ("model.bin", large)))
    copy = kept.working_copy(package) / "package"
    (copy / "deployment.py").write_text("changed")
    assert (package.folder / "deployment.py").read_text() == "x"
    assert (copy / "model.bin").stat().st_ino == (package.folder / "model.bin").stat().st_ino
    kept.discard(copy.parent)
    assert not copy.parent.exists()
    assert (package.folder / "model.bin").exists()


def test_leftovers_are_removed_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    kept = Packages(folder)
    package = kept.get("r1", archive(tmp_path, ("deployment.py", b"x")))
    kept.get("r2", tmp_path / "package.zip")
    kept.working_copy(package)
    (folder / "packages" / "r3.part").mkdir()
    Packages(folder).keep_only({"r1"})
    assert [each.name for each in (folder / "packages").iterdir()] == ["r1"]
    assert not list((folder / "work").iterdir())


@pytest.mark.parametrize(
    ("text", "expected"), [(None, False), ("", False), ("# a\n\n  # b", False), ("a==1", True), ("# a\n b", True)]
)
def test_comments_are_no_requirements(text: str | None, expected: bool) -> None:
    assert has_requirements(text) is expected


@pytest.mark.parametrize("folder", ["", "p/"])
def test_requirements_are_beside_the_code(tmp_path: Path, folder: str) -> None:
    code = (f"{folder}deployment.py", b"x")
    assert requirements_of(archive(tmp_path, code, (f"{folder}requirements.txt", b"a")))
    assert not requirements_of(archive(tmp_path, code, (f"{folder}libraries/requirements.txt", b"a")))
    assert not requirements_of(archive(tmp_path, code))
