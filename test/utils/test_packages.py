"""Which files of a folder are packed, and zip_dir and its companions."""

from __future__ import annotations

import builtins
import inspect
import os
import pickle
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ubiops
from ubiops import utils
from ubiops._packages import ignore, listing
from ubiops._packages.ignore import DEFAULT_IGNORES
from ubiops.utils import PackageError, PackageFolder, PackageWarning

TREE = (
    "deployment.py",
    "b.txt",
    "a.log",
    ".hidden",
    "sub/x.py",
    "sub/deep/y.log",
    ".git/config",
    "__pycache__/m.pyc",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``pkg`` in the working directory, with some of everything."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "pkg"
    fill(root, *TREE)
    (root / "empty").mkdir()
    return root


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def link(path: Path, target: str | Path) -> None:
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):
        pytest.skip("this system makes no symbolic links here")


def names_in(path: str) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def packed(folder: Path, **settings: Any) -> list[str]:
    return list(PackageFolder(folder, **settings).files)


class TestZipDir:
    def test_everything_is_packed_and_the_absolute_path_returned(self, folder: Path) -> None:
        path = utils.zip_dir("pkg", "out.zip")
        assert path == str(folder.parent / "out.zip")
        assert names_in(path) == sorted(f"deployment_package/{name}" for name in TREE)
        with zipfile.ZipFile(path) as archive:
            assert archive.read("deployment_package/sub/x.py") == b"sub/x.py"

    def test_a_folder_as_output_gets_a_name_with_the_time(self, folder: Path) -> None:
        path = utils.zip_dir(folder, folder.parent, prefix="pre")
        assert re.fullmatch(r"pre_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{6}\.zip", os.path.basename(path))
        assert os.path.dirname(path) == str(folder.parent)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{6}\.zip", utils.default_zip_name(None))
        assert utils.default_zip_name("").startswith("2")

    @pytest.mark.parametrize(
        ("directory", "prefix"), [("", ""), ("x", "x/"), ("x/", "x/"), ("/x", "x/"), ("a/b", "a/b/"), ("a//b", "a/b/")]
    )
    def test_the_folder_in_the_archive_can_be_chosen(self, folder: Path, directory: str, prefix: str) -> None:
        path = utils.zip_dir("pkg", "out.zip", package_directory=directory)
        assert names_in(path) == sorted(prefix + name for name in TREE)

    @pytest.mark.parametrize("directory", ["..", "a/../../b"])
    def test_the_folder_in_the_archive_does_not_lead_out_of_it(self, folder: Path, directory: str) -> None:
        with pytest.raises(PackageError, match="leads out of the archive"):
            utils.zip_dir("pkg", "out.zip", package_directory=directory)
        with pytest.raises(ubiops.ApiTypeError, match="package_directory must be a string"):
            utils.zip_dir("pkg", "out.zip", package_directory=None)  # type: ignore[arg-type]

    def test_a_file_that_exists_is_replaced_only_when_asked_for(self, folder: Path) -> None:
        Path("out.zip").write_text("precious")
        with pytest.raises(FileExistsError, match="force=True"):
            utils.zip_dir("pkg", "out.zip")
        assert Path("out.zip").read_text() == "precious"
        assert names_in(utils.zip_dir("pkg", "out.zip", force=True))

    def test_an_archive_within_its_folder_does_not_hold_itself(self, folder: Path) -> None:
        first = utils.zip_dir("pkg", "pkg/out.zip")
        assert names_in(first) == sorted(f"deployment_package/{name}" for name in TREE)
        assert names_in(utils.zip_dir("pkg", "pkg/out.zip", force=True)) == names_in(first)

    @pytest.mark.parametrize("seconds", [0, 5_000_000_000])
    def test_a_file_of_any_age_is_packed(self, folder: Path, seconds: int) -> None:
        os.utime(folder / "b.txt", (seconds, seconds))
        assert names_in(utils.zip_dir("pkg", "out.zip"))

    def test_an_empty_folder_makes_an_empty_archive(self, folder: Path) -> None:
        assert names_in(utils.zip_dir("pkg/empty", "out.zip")) == []

    def test_a_failure_leaves_no_file_behind(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = sorted(os.listdir())
        link(folder / "broken", "nowhere")
        with pytest.raises(PackageError, match=r"broken is a broken link to '.*nowhere'"):
            utils.zip_dir("pkg", "out.zip")
        (folder / "broken").unlink()

        def failing(items: object, prefix: str) -> Any:
            yield b"PK"
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("ubiops.utils.package_operations.zip_blocks", failing)
        with pytest.raises(OSError, match="No space left"):
            utils.zip_dir("pkg", "out.zip")
        assert sorted(os.listdir()) == before

    @pytest.mark.parametrize(
        ("call", "builtin"),
        [
            (lambda: utils.zip_dir("nothing", "out.zip"), NotADirectoryError),
            (lambda: utils.zip_dir("pkg/b.txt", "out.zip"), NotADirectoryError),
            (lambda: utils.zip_dir("pkg", "no/such/out.zip"), FileNotFoundError),
            (lambda: utils.list_files("nothing"), NotADirectoryError),
            (lambda: utils.files_present_in_dir(["a"], "nothing"), NotADirectoryError),
            (lambda: PackageFolder("nothing"), NotADirectoryError),
            (lambda: utils.validate_package("nothing"), FileNotFoundError),
            (lambda: utils.zip_dir(5, "out.zip"), TypeError),  # type: ignore[arg-type]
            (lambda: utils.abs_path(None), TypeError),  # type: ignore[arg-type]
        ],
    )
    def test_errors_are_of_this_library_and_of_the_kind_that_people_expect(
        self, folder: Path, call: Callable[[], object], builtin: type[Exception]
    ) -> None:
        with pytest.raises(builtin) as caught:
            call()
        assert isinstance(caught.value, ubiops.UbiOpsException)
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (type(copy), str(copy)) == (type(caught.value), str(caught.value))


class TestListFiles:
    @pytest.mark.parametrize("given", ["pkg", "./pkg", "pkg/"])
    def test_paths_begin_with_the_folder_as_it_was_given(self, folder: Path, given: str) -> None:
        assert utils.list_files(given) == [os.path.join(given, *name.split("/")) for name in sorted(TREE)]
        assert utils.list_files(folder)[0] == str(folder / ".git" / "config")

    @pytest.mark.parametrize(
        ("patterns", "left"),
        [
            ("*.log\n# c\nsub/\n!sub/x.py\n", {".ubiops-ignore", ".hidden", "b.txt", "deployment.py", "sub/x.py"}),
            ("*\n!*.py\n", {"deployment.py", "sub/x.py"}),
            ("/*.txt\n**/deep\n*.log\n.*\n", {"deployment.py", "sub/x.py"}),
            ("\ufeff*.log\r\nsub\r\n", {".ubiops-ignore", ".hidden", "b.txt", "deployment.py"}),
            ("\n# nothing\n", {*TREE, ".ubiops-ignore"}),
        ],
    )
    def test_the_ignore_file_has_the_syntax_of_gitignore(self, folder: Path, patterns: str, left: set[str]) -> None:
        (folder / ".ubiops-ignore").write_bytes(patterns.encode())
        of_tools = {".git/config", "__pycache__/m.pyc"}
        found = {Path(path).relative_to("pkg").as_posix() for path in utils.list_files("pkg")}
        assert found - of_tools == left - of_tools

    def test_only_the_ignore_file_that_is_named_counts(self, folder: Path) -> None:
        (folder / ".ubiops-ignore").write_text("*.log")
        (folder / "other").write_text("*.py")
        (folder / "sub" / ".ubiops-ignore").write_text("x.py")
        assert "pkg/sub/x.py" in map(Path.as_posix, map(Path, utils.list_files("pkg")))
        for name in ("other", str(folder / "other")):
            found = utils.list_files("pkg", name)
            assert os.path.join("pkg", "a.log") in found
            assert not [path for path in found if path.endswith(".py")]
        assert len(utils.list_files("pkg", None)) == len(utils.list_files("pkg", "missing")) == len(TREE) + 3

    @pytest.mark.parametrize(
        ("files", "found"),
        [
            (["deployment.py"], True),
            (["missing", "deployment.py"], True),
            ("deployment.py", True),
            (("b.txt",), True),
            (["a.log"], False),
            (["sub/x.py"], False),
            (["x.py"], False),
            (["sub"], False),
            (["missing"], False),
            ([], False),
        ],
    )
    def test_files_are_looked_for_at_the_root_only(self, folder: Path, files: Any, found: bool) -> None:
        (folder / ".ubiops-ignore").write_text("*.log")
        assert utils.files_present_in_dir(files, "pkg") is found

    def test_paths_are_made_absolute_and_nothing_else(self, folder: Path) -> None:
        assert utils.abs_path("~/x") == os.path.join(os.getcwd(), "~/x")
        assert utils.abs_path(Path("x")) == str(folder.parent / "x")
        assert utils.abs_path(str(folder)) == str(folder)


class TestWhatIsLeftOut:
    def test_files_that_tools_create_are_left_out_by_default(self, folder: Path) -> None:
        kept = [".hidden", "a.log", "b.txt", "deployment.py", "sub/deep/y.log", "sub/x.py"]
        assert packed(folder) == kept
        assert packed(folder, everything=True) == sorted(TREE)
        assert names_in(utils.zip_dir("pkg", "out.zip", everything=False)) == [f"deployment_package/{n}" for n in kept]

    @pytest.mark.parametrize("pattern", DEFAULT_IGNORES)
    def test_each_default_holds_at_any_depth(self, tmp_path: Path, pattern: str) -> None:
        name = pattern.replace("[co]", "c").replace("*", "x")
        fill(tmp_path, "deployment.py", name, f"a/{name}", f"b/{name}/c/d")
        assert packed(tmp_path) == ["deployment.py"]

    def test_environments_are_known_by_what_they_hold(self, tmp_path: Path) -> None:
        fill(tmp_path, "deployment.py", "my-env/pyvenv.cfg", "my-env/lib/a.py", "conda/conda-meta/history", "conda/b")
        assert packed(tmp_path) == ["deployment.py"]
        assert len(packed(tmp_path, everything=True)) == 5

    def test_the_ignore_file_brings_back_what_is_left_out_by_default(self, tmp_path: Path) -> None:
        fill(tmp_path, "deployment.py", ".git/config", "venv/pyvenv.cfg", "venv/a", "node_modules/b/c", ".git/b")
        (tmp_path / ".ubiops-ignore").write_text("!.git/config\n!venv/a\n!node_modules/\n")
        assert packed(tmp_path) == [".git/config", "deployment.py", "node_modules/b/c", "venv/a"]

    def test_another_ignore_file_can_be_used(self, tmp_path: Path) -> None:
        fill(tmp_path, "deployment.py", "a.log")
        (tmp_path / ".gitignore").write_text("*.log")
        assert packed(tmp_path) == ["a.log", "deployment.py"]
        assert packed(tmp_path, ignore_filename=".gitignore") == ["deployment.py"]

    def test_an_ignore_file_without_pathspec_says_what_to_install(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pathspec", None)
        (folder / ".ubiops-ignore").write_text("# only a comment\n\n")
        assert packed(folder)
        (folder / ".ubiops-ignore").write_text("*.log")
        for call in (PackageFolder, utils.list_files, lambda path: utils.zip_dir(path, "out.zip")):
            with pytest.raises(PackageError, match=re.escape("pip install 'ubiops[packages]'")):
                call(str(folder))

    def test_an_ignore_file_that_is_not_valid_is_named(self, folder: Path) -> None:
        (folder / ".ubiops-ignore").write_bytes(b"\xff\xfe*")
        with pytest.raises(PackageError, match=r"the ignore file \.ubiops-ignore can't be read"):
            PackageFolder(folder)
        (folder / ".ubiops-ignore").write_text("!\n")
        with pytest.raises(PackageError, match=r"the ignore file \.ubiops-ignore has a pattern that is not valid"):
            PackageFolder(folder)


class TestLinksAndOtherFiles:
    def test_links_within_the_folder_are_followed(self, folder: Path) -> None:
        link(folder / "link.txt", "b.txt")
        link(folder / "again", "sub")
        files = packed(folder)
        assert {"link.txt", "again/x.py", "again/deep/y.log"} <= set(files)

    def test_everything_leaves_out_links_to_folders_and_says_so(self, folder: Path) -> None:
        link(folder / "again", "sub")
        with pytest.warns(PackageWarning, match="again: it is left out: it is a link to a folder"):
            assert packed(folder, everything=True) == sorted(TREE)
        with pytest.warns(PackageWarning, match="again: it is left out"):
            utils.zip_dir("pkg", "out.zip")

    def test_circular_links_are_left_out(self, folder: Path) -> None:
        link(folder / "sub" / "up", "..")
        link(folder / "self", ".")
        with pytest.warns(PackageWarning, match="link to a folder that it lies in") as warned:
            files = packed(folder)
        assert len(warned) == 2
        assert not [name for name in files if "up" in name or "self" in name]
        link(folder / "x", "x")
        with pytest.raises(PackageError, match="x is a broken link to"):
            PackageFolder(folder)

    def test_links_out_of_the_folder_are_reported_and_followed(self, folder: Path, tmp_path: Path) -> None:
        fill(tmp_path, "weights/model.bin", "key")
        link(folder / "models", tmp_path / "weights")
        link(folder / "key", "../key")
        with pytest.warns(PackageWarning, match="link out of the folder") as warned:
            assert {"models/model.bin", "key"} <= set(packed(folder))
        assert len(warned) == 2
        assert all(warning.filename == __file__ for warning in warned)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_pipes_and_sockets_are_left_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        fill(tmp_path, "deployment.py")
        os.mkfifo("pipe")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            with pytest.warns(PackageWarning, match="is not a regular file") as warned:
                assert packed(tmp_path) == ["deployment.py"]
        assert len(warned) == 2

    def test_large_files_and_secrets_are_reported(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "model.bin").write_bytes(bytes(10_000))
        fill(folder, "a/.env")
        monkeypatch.setattr(listing, "LARGE_FILE", 10_000)
        monkeypatch.setattr(listing, "MAXIMUM_PACKAGE", 5_000)
        with pytest.warns(PackageWarning) as warned:
            assert {"model.bin", "a/.env"} <= set(packed(folder))
        texts = [str(warning.message) for warning in warned]
        assert any("model.bin: it is a very large file" in text for text in texts)
        assert any("a/.env: it usually holds secrets" in text for text in texts)
        assert any("the platform accepts packages up to" in text for text in texts)

    def test_an_unreadable_file_is_named(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("x.py") and real(path, mode))
        with pytest.raises(PackageError, match=r"sub/x\.py can't be read: Permission denied"):
            PackageFolder(folder)
        (folder / ".ubiops-ignore").write_text("x.py")
        assert "sub/x.py" not in packed(folder)

    def test_an_unreadable_folder_is_named(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.scandir

        def scandir(path: str) -> Any:
            if str(path).endswith("deep"):
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(os, "scandir", scandir)
        with pytest.raises(PackageError, match="sub/deep/ can't be read: Permission denied"):
            PackageFolder(folder)

    def test_an_empty_folder_is_rejected(self, folder: Path) -> None:
        with pytest.raises(PackageError, match="has no files to pack"):
            PackageFolder(folder / "empty")
        (folder / ".ubiops-ignore").write_text("*")
        with pytest.raises(PackageError, match="has no files to pack"):
            PackageFolder(folder)

    def test_too_many_files_are_rejected(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listing, "MAXIMUM_ENTRIES", 5)
        with pytest.raises(PackageError, match="more than 5 files; is it the right one"):
            PackageFolder(folder)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
    def test_a_name_that_is_not_unicode_is_shown(self, folder: Path) -> None:
        with open(os.path.join(os.fsencode(folder), b"\xff.txt"), "w"):
            pass
        with pytest.raises(PackageError, match=re.escape(r"b'\xff.txt'")):
            PackageFolder(folder)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps both names apart")
    def test_accents_are_joined_with_their_letters_on_macos(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(tmp_path, "e\u0301.py")
        assert packed(tmp_path) == ["e\u0301.py"]
        monkeypatch.setattr(sys, "platform", "darwin")
        assert packed(tmp_path) == ["\u00e9.py"]
        fill(tmp_path, "\u00e9.py")
        with pytest.raises(PackageError, match="the same name"):
            PackageFolder(tmp_path)


def test_packing_needs_none_of_the_extras(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *arguments: Any) -> Any:
        if name.partition(".")[0] in ("pathspec", "packaging", "yaml"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", importing)
    assert packed(folder)
    assert utils.zip_dir("pkg", "out.zip")


def test_the_guide_lists_what_is_left_out() -> None:
    guide = (Path(__file__).parent.parent.parent / "docs" / "packages.md").read_text(encoding="utf-8")
    missing = [pattern for pattern in ignore.DEFAULT_IGNORES if f"`{pattern}`" not in guide]
    assert missing == []


class TestNames:
    def test_each_name_is_there_and_listed(self) -> None:
        assert set(utils.__all__) == set(utils._PLACES)
        for name in (*utils.__all__, *utils._MODULES):
            assert getattr(utils, name) is not None
            assert name in dir(utils)
        with pytest.raises(AttributeError, match="module 'ubiops.utils' has no attribute 'zip_dirs'"):
            utils.zip_dirs  # type: ignore[attr-defined]  # noqa: B018

    @pytest.mark.parametrize(
        ("function", "signature"),
        [
            (
                utils.zip_dir,
                "directory output_path ignore_filename='.ubiops-ignore' prefix=None force=False"
                " package_directory='deployment_package' everything=True",
            ),
            (utils.list_files, "directory ignore_filename='.ubiops-ignore'"),
            (utils.files_present_in_dir, "files directory ignore_filename='.ubiops-ignore'"),
            (utils.default_zip_name, "prefix"),
            (utils.abs_path, "path_param"),
            (utils.validate_requirements_file, "file_path client=None check_index=True"),
            (utils.validate_yaml_file, "file_path"),
        ],
    )
    def test_parameters_are_those_of_the_official_client_and_keywords(
        self, function: Callable[..., object], signature: str
    ) -> None:
        found = inspect.signature(function).parameters.values()
        shown = [p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in found]
        assert " ".join(shown) == signature
        assert [p.name for p in found if p.kind is p.KEYWORD_ONLY] in ([], ["everything"], ["check_index"])

    @pytest.mark.parametrize(
        "statement",
        [
            "from ubiops.utils import zip_dir, files_present_in_dir, validate_requirements_file, validate_yaml_file",
            "from ubiops.utils.package_operations import zip_dir",
            "from ubiops.utils.validate import validate_yaml_file",
            "import ubiops; ubiops.utils.package_operations.list_files; ubiops.utils.zip_dir",
            "from ubiops.utils import *; zip_dir, PackageFolder, wait_for_revision",
            "import ubiops.utils, sys; assert not {'zipfile', 'ubiops.api_client'} & set(sys.modules)",
            "import sys; from ubiops.utils import PackageFolder; assert 'zipfile' not in sys.modules",
        ],
    )
    def test_each_way_to_import_works_in_a_process_of_its_own(self, statement: str) -> None:
        done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
