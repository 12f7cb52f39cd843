"""Packing a folder during an upload: reproducible, and at constant memory."""

from __future__ import annotations

import hashlib
import io
import os
import random
import stat
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import ubiops
from ubiops._io.sources import FileSource
from ubiops._packages import zip_stream
from ubiops._packages.listing import Item
from ubiops._packages.zip_stream import zip_blocks
from ubiops.utils import PackageError, PackageFolder, PackageWarning, zip_dir

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

CODE = "class Deployment:\n    def request(self, data):\n        return data\n"
MB = 1024**2


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def pack(folder: Path | PackageFolder) -> bytes:
    return b"".join((folder if isinstance(folder, PackageFolder) else PackageFolder(folder)).blocks())


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist()}


def item(path: Path, name: str | None = None) -> Item:
    status = path.stat()
    return Item(name or path.name, str(path), status.st_size, status.st_mtime_ns)


def noise(seed: int, size: int) -> bytes:
    """Bytes that can't be compressed, and that are always the same."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - not for secrets


def every_kind_of_file() -> dict[str, bytes]:
    """Files that are written in each way that there is."""
    return {
        "deployment.py": CODE.encode(),
        "empty": b"",
        "small-noise": noise(0, 1000),
        "libraries/größe.py": b"x = 1\n" * 100,
        "large-text.csv": b"1,2,3,4\n" * 200_000,
        "large-noise.png": noise(1, MB + 1),
        "Z": b"sorted before a",
    }


class TestReproducible:
    def test_times_modes_and_order_of_creation_make_no_difference(self, tmp_path: Path) -> None:
        files = every_kind_of_file()
        first = write(tmp_path / "first", files)
        second = write(tmp_path / "second", dict(reversed(files.items())))
        for number, path in enumerate(path for path in second.rglob("*") if path.is_file()):
            path.chmod(0o600 if number % 2 else 0o755)
            os.utime(path, (number, number))
        assert pack(first) == pack(second)

    def test_zip_dir_and_an_upload_make_the_same_archive(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "p", every_kind_of_file())
        assert Path(zip_dir(folder, tmp_path / "out.zip")).read_bytes() == pack(folder)

    def test_names_are_sorted_and_nothing_identifies_the_machine(self, tmp_path: Path) -> None:
        packed = pack(write(tmp_path, every_kind_of_file()))
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = archive.infolist()
        assert [entry.filename for entry in entries] == sorted(f"deployment_package/{n}" for n in every_kind_of_file())
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o755}
        assert {entry.create_system for entry in entries} == {3}
        assert not any(entry.extra or entry.comment for entry in entries)

    @pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="another zlib compresses differently")
    def test_the_bytes_are_the_same_on_every_python_and_system(self, tmp_path: Path) -> None:
        digest = hashlib.sha256(pack(write(tmp_path, every_kind_of_file()))).hexdigest()
        assert digest == "12eb05758efd6fcb9c606b2d42c3b64081adbffdf6b4bc0b87c3139429b9b6b5"

    def test_without_compression_no_zlib_makes_a_difference(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(zip_stream, "_LEVEL", 0)
        monkeypatch.setattr(zip_stream, "_is_compressible", lambda block: False)
        digest = hashlib.sha256(pack(write(tmp_path, every_kind_of_file()))).hexdigest()
        assert digest == "3c6ac1ba46e8ae05c47406b8f6bd3dd9dabea0ecdbfa669fb757076ca66318a2"


class TestArchives:
    def test_every_kind_of_file_can_be_unpacked_again(self, tmp_path: Path) -> None:
        files = every_kind_of_file()
        packed = pack(write(tmp_path, files))
        assert contents(packed) == {f"deployment_package/{name}": content for name, content in files.items()}
        assert len(packed) < sum(map(len, files.values())) / 2

    def test_incompressible_files_do_not_grow(self, tmp_path: Path) -> None:
        files = {"small": noise(1, MB), "large": noise(2, 3 * MB)}
        assert len(pack(write(tmp_path, files))) < 4 * MB + 1000

    @given(
        files=st.dictionaries(
            st.lists(st.text("aBé漢 .-_", min_size=1, max_size=5), min_size=1, max_size=3)
            .filter(lambda parts: not any(set(part) <= {".", " "} or part.endswith((".", " ")) for part in parts))
            .map("/".join),
            st.binary(max_size=100).map(lambda content: content * 50),
            min_size=1,
            max_size=6,
        ),
        small=st.sampled_from([0, 10, MB]),
    )
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @example(files={"a": b"", "A": b"\0" * 5000}, small=10)
    def test_any_folder_can_be_unpacked_again(
        self, tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], small: int
    ) -> None:
        # A name can't be a file and a folder at once.
        files = {name: files[name] for name in files if not any(other.startswith(f"{name}/") for other in files)}
        root = write(tmp_path_factory.mktemp("folder"), files)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(zip_stream, "_SMALL", small)
            packed = pack(PackageFolder(root, package_directory="", everything=True))
            assert pack(PackageFolder(root, package_directory="", everything=True)) == packed
        assert contents(packed) == files

    def test_files_of_any_size_are_written_in_the_format_for_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(zip_stream, "_SURELY_BELOW_LARGE", 2 * MB)
        files = {"a": b"x" * 3 * MB, "b": b"y", "c": noise(3, 3 * MB)}
        packed = pack(PackageFolder(write(tmp_path, files), package_directory=""))
        assert contents(packed) == files

    def test_any_number_of_files_is_packed(self, tmp_path: Path) -> None:
        one = item(write(tmp_path, {"a": b"1"}) / "a")
        packed = b"".join(zip_blocks(one._replace(name=f"{number:06}") for number in range(0x10001)))
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            assert len(archive.namelist()) == 0x10001
            assert archive.read("065536") == b"1"

    @pytest.mark.parametrize(
        ("files", "prefix"),
        [
            (["deployment.py", "libraries/a.py"], "deployment_package/"),
            (["deployment.R"], "deployment_package/"),
            (["other.py"], "deployment_package/"),
            (["deployment_package/deployment.py", "readme.md"], ""),
            (["code/deployment.R"], ""),
            (["deployment.py", "old/deployment.py"], "deployment_package/"),
            (["a/b/deployment.py"], "deployment_package/"),
        ],
    )
    def test_the_code_is_in_one_folder(self, tmp_path: Path, files: list[str], prefix: str) -> None:
        write(tmp_path, dict.fromkeys(files, b""))
        assert list(contents(pack(tmp_path))) == [prefix + name for name in files]
        chosen = PackageFolder(tmp_path, package_directory="x")
        assert list(contents(pack(chosen))) == [f"x/{name}" for name in files]


class TestMemory:
    def test_memory_does_not_grow_with_the_files(self, tmp_path: Path) -> None:
        write(tmp_path, {f"{number}.csv": b"1,2,3\n" * 100_000 for number in range(20)})
        with (tmp_path / "model.bin").open("wb") as file:
            file.truncate(60 * MB)
        source = FileSource(tmp_path)
        tracemalloc.start()
        try:
            largest = max(len(block) for block in source.blocks())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert largest < 2 * MB
        assert peak < 8 * MB


class TestChanges:
    """What happens to a folder while it is being packed."""

    def begin(self, tmp_path: Path) -> tuple[Path, Any]:
        """Start to pack a folder; its second file has not been opened yet."""
        write(tmp_path, {"1": noise(4, 2 * MB), "2": b"x" * 1000})
        blocks = FileSource(tmp_path).blocks()
        next(blocks)
        return tmp_path / "2", blocks

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda path: path.unlink(), "2 vanished while the folder was being packed"),
            (lambda path: path.write_bytes(b"y" * 1001), "2 changed while the folder was being packed"),
            (lambda path: path.write_bytes(b"y" * 999), "2 changed while"),
            (lambda path: os.utime(path, (1, 1)), "2 changed while"),
            (lambda path: (path.unlink(), path.mkdir()), "2 can't be read|2 changed while"),
        ],
    )
    def test_a_file_that_changes_ends_the_upload(self, tmp_path: Path, change: Any, message: str) -> None:
        path, blocks = self.begin(tmp_path)
        change(path)
        with pytest.raises(ubiops.ApiRequestError, match=message) as caught:
            list(blocks)
        assert caught.value.hint

    def test_a_file_that_changes_while_it_is_read_ends_the_upload(self, tmp_path: Path) -> None:
        path = write(tmp_path, {"1": noise(5, 3 * MB)}) / "1"
        blocks = zip_blocks([item(path)])
        next(blocks)
        with path.open("r+b") as file:
            file.truncate(2 * MB)
        with pytest.raises(PackageError, match="1 changed while the folder was being packed"):
            list(blocks)

    def test_a_file_that_appears_is_not_packed(self, tmp_path: Path) -> None:
        path, blocks = self.begin(tmp_path)
        path.with_name("3").write_text("new")
        assert list(blocks)

    def test_a_folder_is_listed_anew_for_each_upload(self, tmp_path: Path) -> None:
        write(tmp_path, {"a": b"1"})
        source = FileSource(tmp_path)
        assert source.rewindable
        assert source.size is None
        write(tmp_path, {"a": b"22", "b": b"3"})
        packed = b"".join(source.blocks())
        assert contents(packed) == {"deployment_package/a": b"22", "deployment_package/b": b"3"}
        (tmp_path / "a").unlink()
        (tmp_path / "b").unlink()
        with pytest.raises(ubiops.ApiRequestError, match="has no files to pack"):
            list(source.blocks())

    def test_an_upload_that_is_given_up_closes_its_files(self, tmp_path: Path) -> None:
        path, blocks = self.begin(tmp_path)
        blocks.close()
        path.with_name("1").unlink()
        assert list(blocks) == []


class TestUpload:
    @pytest.fixture
    def version(self, core_api: ubiops.CoreApi, project_name: str) -> str:
        core_api.deployments_create(project_name, {"name": "d", "input_type": "plain", "output_type": "plain"})
        core_api.deployment_versions_create(project_name, "d", {"version": "v1", "environment": "python3-11"})
        return "v1"

    @pytest.mark.parametrize("kind", ["text", "path", "folder"])
    def test_a_folder_is_built_like_an_archive_of_it(
        self, core_api: ubiops.CoreApi, project_name: str, version: str, tmp_path: Path, kind: str, emulator: Emulator
    ) -> None:
        folder = write(tmp_path / "my-code", {"deployment.py": CODE.encode(), "data.bin": bytes(3 * MB)})
        write(folder, {".git/config": b"x", "__pycache__/deployment.cpython-311.pyc": b"x"})
        value: Any = {"text": str(folder), "path": folder, "folder": PackageFolder(folder)}[kind]
        before = sorted(path.name for path in tmp_path.rglob("*"))
        uploaded = core_api.revisions_file_upload(project_name, "d", version, file=value)
        assert sorted(path.name for path in tmp_path.rglob("*")) == before
        emulator.clock.advance(3600)
        assert core_api.revisions_get(project_name, "d", uploaded.revision, version).status == "success"
        with core_api.revisions_file_download(project_name, "d", uploaded.revision, version) as response:
            assert response.getfilename() == "my-code.zip"
            assert response.read() == pack(folder)

    def test_an_unpackable_folder_is_rejected_before_anything_is_sent(
        self, core_api: ubiops.CoreApi, project_name: str, version: str, tmp_path: Path
    ) -> None:
        with pytest.raises(ubiops.ApiValueError, match="has no files to pack"):
            core_api.revisions_file_upload(project_name, "d", version, file=tmp_path)
        assert core_api.revisions_list(project_name, "d", version) == []

    def test_a_folder_that_changes_leaves_no_revision(
        self,
        core_api: ubiops.CoreApi,
        project_name: str,
        version: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        folder = PackageFolder(write(tmp_path, {"deployment.py": CODE.encode(), "x": b"1"}))
        real = zip_stream._read

        def reading(read: Item) -> Any:
            (tmp_path / "x").unlink(missing_ok=True)
            return real(read)

        monkeypatch.setattr(zip_stream, "_read", reading)
        with pytest.raises(ubiops.ApiRequestError, match="x vanished while the folder was being packed"):
            core_api.revisions_file_upload(project_name, "d", version, file=folder)
        assert core_api.revisions_list(project_name, "d", version) == []

    def test_warnings_point_at_the_call(
        self, core_api: ubiops.CoreApi, project_name: str, version: str, tmp_path: Path
    ) -> None:
        write(tmp_path, {"deployment.py": CODE.encode(), ".env": b"SECRET=1"})
        with pytest.warns(PackageWarning, match="usually holds secrets") as warned:
            core_api.revisions_file_upload(project_name, "d", version, file=tmp_path)
        assert warned[0].filename == __file__

    def test_the_name_of_the_archive_is_that_of_the_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = write(tmp_path / "my code", {"a": b"1"})
        monkeypatch.chdir(folder)
        assert PackageFolder(".").filename == PackageFolder(f"{folder}/").filename == "my code.zip"
        assert repr(PackageFolder(".")) == "PackageFolder('.', files=1)"
