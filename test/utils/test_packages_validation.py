"""Validating a package before it is uploaded."""

from __future__ import annotations

import io
import os
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ubiops
from ubiops._packages import archive, check, imports, limits
from ubiops.utils import PackageError, PackageFolder, PackageProblem, PackageReport, validate_package, zip_dir

INIT = "class Deployment:\n    def __init__(self, base_directory, context):\n        pass\n"
GOOD = INIT + "    def request(self, data):\n        return data\n"
MB = 1024**2

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Creates a folder ``pkg`` with files and, by default, valid code."""

    def making(files: dict[str, str | bytes] | None = None, code: str | None = GOOD) -> Path:
        root = tmp_path / "pkg"
        everything = {**({"deployment.py": code} if code is not None else {}), **(files or {})}
        for name, content in everything.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return making


def problems(report: PackageReport) -> list[str]:
    return [str(problem) for problem in report.problems]


def warned(report: PackageReport) -> list[str]:
    return [str(warning) for warning in report.warnings]


class TestReport:
    def test_a_valid_package_has_no_problems_as_folder_or_archive(self, make: Make, tmp_path: Path) -> None:
        folder = make({"libraries/a.py": "x = 1\n", "requirements.txt": "numpy==1.26.4\n"})
        for path in (folder, str(folder), PackageFolder(folder), zip_dir(folder, tmp_path / "out.zip")):
            report = validate_package(path)
            assert report.ok
            assert report
            assert (report.problems, report.warnings) == ((), ())
            assert (report.files, report.has_request, report.has_requests) == (3, True, False)
            report.raise_for_problems()
        assert report.code_file == "deployment_package/deployment.py"
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        assert report.size == size
        assert str(report) == f"{tmp_path / 'out.zip'}: no problems (3 files, {size} bytes)"

    def test_the_report_as_text(self, make: Make) -> None:
        folder = make({"requirements.txt": "numpy=1.2\n", ".env": "x"}, code="import os\n" + INIT)
        report = validate_package(folder)
        assert not report
        assert str(report).splitlines() == [
            f"{folder}: 2 problems, 1 warning (3 files, {report.size} bytes)",
            "  problem: deployment.py:2: class Deployment has neither a method request(self, data) nor a method"
            " requests(self, data)",
            problem_of_numpy(report),
            "  warning: .env: it usually holds secrets; everyone who downloads the package can read it",
        ]
        assert report.problems[0] == PackageProblem(report.problems[0].message, "deployment.py", 2, None)

    def test_problems_can_be_raised(self, make: Make) -> None:
        report = validate_package(make(code="x = 1"))
        with pytest.raises(PackageError, match="there is no class Deployment") as caught:
            report.raise_for_problems()
        assert caught.value.report is report
        assert isinstance(caught.value, ubiops.ApiValueError)

    def test_sizes_are_shown_in_units(self) -> None:
        sizes = {0: "0 bytes", 2048: "2 KB", 5 * MB + 200_000: "5.2 MB", 3 * 1024 * MB: "3 GB"}
        for size, text in sizes.items():
            assert text in str(PackageReport("x", size=size))

    def test_misuse_raises_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="there is no folder or file"):
            validate_package(tmp_path / "missing")
        with pytest.raises(ubiops.ApiTypeError, match="path must be a path, got int: 5"):
            validate_package(5)  # type: ignore[arg-type]
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / "pipe")
            with pytest.raises(PackageError, match="neither a folder nor a regular file"):
                validate_package(tmp_path / "pipe")


def problem_of_numpy(report: PackageReport) -> str:
    """The wording of packaging differs with its version."""
    (found,) = (problem for problem in report.problems if problem.file == "requirements.txt")
    assert found.message.startswith("'numpy=1.2' is not a valid requirement: ")
    assert (found.line, found.hint) == (1, "an exact version is written with ==")
    return f"  problem: {found}"


class TestCode:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("x = (", ["deployment.py:1: the code is not valid Python"]),
            (
                "class deployment: pass",
                ["deployment.py:1: there is no class Deployment (there is a class deployment, but"],
            ),
            (
                "class Deployment:\n    def __init__(self, path): pass\n    def request(self): pass\n",
                [
                    "deployment.py:2: Deployment.__init__ takes (self, path), but is called with the keyword",
                    "deployment.py:3: Deployment.request takes (self), but is called as (self, data) or",
                ],
            ),
            (INIT.replace("base_directory", "base_directory, /"), ["deployment.py:2: ", "deployment.py:1: class"]),
            (b"\xff".decode("latin-1") * 10 + "=", ["deployment.py:1: the code is not valid Python"]),
        ],
    )
    def test_every_problem_is_reported_with_its_line(self, make: Make, code: str, expected: list[str]) -> None:
        found = problems(validate_package(make(code=code)))
        assert len(found) == len(expected)
        for start in expected:
            assert any(text.startswith(start) for text in found), found

    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ({"main.py": GOOD}, "there is no deployment.py in the folder"),
            ({"a/b/deployment.py": GOOD}, "but it is in a/b/deployment.py (move it up"),
            ({"Deployment.py": GOOD}, "but there is Deployment.py (the name must be spelled deployment.py)"),
            ({"code.zip": "PK"}, "but there is an archive, code.zip (archives in it are not unpacked)"),
            ({"a/deployment.py": GOOD, "b/x": ""}, "several folders (a, b) (put the code in one folder"),
            ({}, "no files to pack"),
        ],
    )
    def test_misplaced_code_is_located(
        self, make: Make, tmp_path: Path, files: dict[str, str | bytes], message: str
    ) -> None:
        (tmp_path / "pkg").mkdir()
        report = validate_package(make(files, code=None))
        assert message in problems(report)[0]
        assert report.code_file is None

    @pytest.mark.parametrize("name", ["main.py", "main"])
    def test_the_code_may_have_another_name(self, make: Make, name: str) -> None:
        assert validate_package(make({"main.py": GOOD}, code=None), code_file=name).ok

    def test_the_environment_decides_on_the_language_and_the_syntax(self, make: Make) -> None:
        folder = make(code=GOOD + "match 1:\n    case 1: pass\n")
        assert validate_package(folder, "python3-13").ok
        assert validate_package(folder, "my-own-environment").ok is (sys.version_info >= (3, 10))
        if sys.version_info >= (3, 10):
            found = problems(validate_package(folder, "ubuntu24-04-python3-9-cuda11-7-1"))
            assert "the code is not valid Python 3.9" in found[0]
        found = problems(validate_package(folder, "r4-3"))
        assert "deployment.py does not run in the environment r4-3" in found[0]

    def test_code_for_a_newer_python_is_checked_roughly_and_says_so(self, make: Make) -> None:
        report = validate_package(make(code=GOOD + "not yet: a statement\n"), "python3-99")
        assert report.has_request
        assert "can't parse the code for Python 3.99" in warned(report)[0]

    def test_code_in_r_is_detected(self, make: Make) -> None:
        folder = make({"deployment.R": "request <- function(input_data, base_directory, context) {}"}, code=None)
        report = validate_package(folder)
        assert (report.ok, report.code_file, report.has_request) == (True, "deployment.R", True)
        (folder / "deployment.R").write_text("x <- 1")
        assert "neither a function 'request'" in problems(validate_package(folder))[0]

    def test_code_that_is_too_large_is_not_read(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = make({"a.py": "#" * 2 * MB})
        monkeypatch.setattr(check, "MAXIMUM_CODE_SIZE", MB)
        assert validate_package(folder).ok
        (folder / "deployment.py").write_text("#" * 2 * MB)
        assert problems(validate_package(folder)) == ["deployment.py: deployment.py is larger than 1 MB"]


class TestImports:
    @pytest.mark.parametrize(
        ("statement", "message"),
        [
            ("from .helper import x", "'from .helper import x' fails: deployment.py is not part of a package"),
            ("from . import helper", "(write 'import helper' or 'from helper import ..."),
            ("import tools.missing", "there is no module missing in the folder tools"),
            ("from tools import missing", "there is no module missing in the folder tools"),
            ("from tools.missing import x", "there is no module missing in the folder tools"),
            ("from tools.deep.missing.x import y", "there is no module missing in the folder tools/deep"),
            ("import Helper", "there is no module Helper in the package (there is helper.py; case matters"),
            ("import ignored", "(ignored.py exists, but is not packed: .ubiops-ignore (line 2: /ignored.py))"),
            ("from tools import hidden", "(tools/hidden.py exists, but is not packed: .ubiops-ignore (line 3: "),
            ("import node_modules.x", "(node_modules/__init__.py exists, but is not packed: node_modules is left out"),
            ("def f():\n    from tools import missing", "deployment.py:2: there is no module missing"),
            ("import tools.broken", "tools/broken.py:1: the code is not valid Python"),
            ("from invalid import x", "invalid/__init__.py:1: the code is not valid Python"),
            ("import tools.relative", "tools/relative.py:1: there is no module gone in the folder tools"),
            ("import vendored.inner", "libraries/vendored/inner.py:1: there is no module gone in the folder libraries"),
        ],
    )
    def test_a_module_that_is_missing_is_a_problem(self, make: Make, statement: str, message: str) -> None:
        found = problems(validate_package(self.folder(make, statement)))
        assert len(found) == 1, found
        assert message in found[0]

    @pytest.mark.parametrize(
        "statement",
        [
            "import helper",
            "from helper import anything",
            "import tools.clean as clean",
            "from tools import clean, VERSION, function, Class, imported",
            "from tools.deep import *",
            "from lazy import anything",
            "from stars import anything",
            "from dynamic import anything\nfrom bound import anything",
            "import vendored, native, native.sub, tools.native",
            "from vendored import inner2",
            "import json, os.path, xml.etree.ElementTree, distutils.core, __future__",
            "try:\n    import tools.missing\nexcept ImportError:\n    pass",
            "import typing\nif typing.TYPE_CHECKING:\n    from tools import missing",
            "import sys\nsys.path.append('src')\nimport Helper",
            "import data",
        ],
    )
    def test_a_module_that_exists_or_may_exist_is_not_a_problem(self, make: Make, statement: str) -> None:
        report = validate_package(self.folder(make, statement))
        assert problems(report) == []
        assert warned(report) == []

    def folder(self, make: Make, statement: str) -> Path:
        return make(
            {
                ".ubiops-ignore": "# not packed\n/ignored.py\nhidden.py\n",
                "helper.py": "",
                "ignored.py": "",
                "data/rows.csv": "",
                "node_modules/__init__.py": "",
                "native.cpython-311-x86_64-linux-gnu.so": b"",
                "tools/__init__.py": "import os as imported\nVERSION = 1\ndef function(): pass\nclass Class: pass\n",
                "tools/clean.py": "from . import deep\nfrom .deep import inner\nfrom ..tools import clean\n",
                "tools/hidden.py": "",
                "tools/native.so": b"",
                "tools/broken.py": "x = (\n",
                "tools/relative.py": "from .gone import x\n",
                "tools/deep/inner.py": "",
                "lazy/__init__.py": "def __getattr__(name): pass\n",
                "stars/__init__.py": "from os import *\n",
                "dynamic/__init__.py": "globals().update(anything=1)\n",
                "bound/__init__.py": "def f():\n    global anything\n    anything = 1\n",
                "invalid/__init__.py": "x = (\n",
                "libraries/vendored/__init__.py": "",
                "libraries/vendored/inner.py": "from . import gone\n",
                "libraries/vendored/inner2.py": "",
            },
            code=f"{statement}\n{GOOD}".replace("import native, native.sub", "import native"),
        )

    def test_the_environment_provides_what_the_package_lacks(self, make: Make) -> None:
        code = "import numpy, sklearn.svm\nimport cv2\nfrom PIL import Image\n" + GOOD
        report = validate_package(make(code=code))
        assert report.ok
        assert warned(report) == [
            "deployment.py:1: the environment has to provide numpy, sklearn, cv2, PIL: the package doesn't"
        ]
        folder = make({"requirements.txt": "NumPy\nscikit_learn>1\nPillow\nopencv-python==4\n"}, code=code)
        assert warned(validate_package(folder)) == []
        folder = make({"requirements.txt": "numpy\n"}, code=code)
        expected = "the environment has to provide sklearn, cv2, PIL: the package and its requirements.txt don't"
        assert expected in warned(validate_package(folder))[0]
        folder = make({"requirements.txt": "numpy\ngit+https://example.com/x.git\n"}, code=code)
        assert warned(validate_package(folder)) == []

    def test_modules_are_followed_within_bounds(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        chain: dict[str, str | bytes] = {f"m{n}.py": f"import m{n + 1}\n" for n in range(9)}
        folder = make({**chain, "m9.py": "x = (\n"}, code="import m0\n" + GOOD)
        assert "m9.py:1" in problems(validate_package(folder))[0]
        monkeypatch.setattr(imports, "_MAXIMUM_MODULES", 5)
        assert validate_package(folder).ok

        monkeypatch.setattr(imports, "_MAXIMUM_MODULES", 2000)
        monkeypatch.setattr(imports, "MAXIMUM_MODULES_SIZE", len(GOOD) + 50)
        assert validate_package(folder).ok

    def test_problems_are_collected_within_bounds(self, make: Make) -> None:
        many = "".join(f"import a.m{number}\n" for number in range(500))
        report = validate_package(make({"a/b": ""}, code=many + GOOD))
        assert len(report.problems) == limits.MAXIMUM_PROBLEMS

    def test_the_standard_library_is_known_on_every_python(self) -> None:
        listed = imports._listed_modules()
        assert {"json", "os", "sys", "asyncio", "_socket", "zlib", "time"} <= listed
        assert "numpy" not in listed


class TestSettingsOfTheBuild:
    def test_settings_are_read_from_the_folder_of_the_code(self, make: Make) -> None:
        folder = make({"a/deployment.py": GOOD, "a/requirements.txt": "!", "a/ubiops.yaml": "x: 1"}, code=None)
        assert [problem.file for problem in validate_package(folder).problems] == [
            "a/requirements.txt",
            "a/ubiops.yaml",
        ]

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("requirement.txt", "rename it to requirements.txt"),
            ("Requirements.txt", "rename it to requirements.txt"),
            ("ubiops.yml", "rename it to ubiops.yaml"),
        ],
    )
    def test_an_unused_name_gives_a_warning(self, make: Make, name: str, hint: str) -> None:
        assert hint in warned(validate_package(make({name: ""})))[0]

    def test_an_unused_location_gives_a_warning(self, make: Make) -> None:
        folder = make({"a/deployment.py": GOOD, "requirements.txt": "numpy"}, code=None)
        assert "move it to a/requirements.txt, beside the code" in warned(validate_package(folder))[0]
        assert warned(validate_package(make({"tests/requirements.txt": ""}))) == []

    def test_an_unapplied_gitignore_gives_a_warning(self, make: Make) -> None:
        folder = make({".gitignore": "*.csv"})
        assert "what it lists is packed all the same" in warned(validate_package(folder))[0]
        assert warned(validate_package(PackageFolder(folder, ignore_filename=".gitignore"))) == []
        assert warned(validate_package(make({".ubiops-ignore": "*.csv"}))) == []


class TestFolders:
    def test_an_unpackable_folder_is_a_problem(self, make: Make) -> None:
        folder = make()
        try:
            (folder / "model.bin").symlink_to("nowhere")
        except OSError:
            pytest.skip("this system makes no symbolic links here")
        assert "model.bin is a broken link to 'nowhere'" in problems(validate_package(folder))[0]

    def test_a_file_that_vanishes_is_a_problem(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = make()
        real = check.FolderFiles.read

        def reading(self: Any, name: str, limit: int) -> bytes:
            (folder / name).unlink(missing_ok=True)
            return real(self, name, limit)

        monkeypatch.setattr(check.FolderFiles, "read", reading)
        assert "deployment.py can't be read: No such file" in problems(validate_package(folder))[0]


def archive_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        for name, data in files.items():
            with made.open(name, "w") as entry:
                for start in range(0, len(data), MB):
                    entry.write(data[start : start + MB])
    return content.getvalue()


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


class TestUntrustedArchives:
    def check(self, tmp_path: Path, content: bytes) -> PackageReport:
        path = tmp_path / "package.zip"
        path.write_bytes(content)
        return validate_package(path)

    @pytest.mark.parametrize("method", METHODS)
    def test_every_method_of_compression_is_read(self, tmp_path: Path, method: int) -> None:
        files = {"deployment.py": GOOD.encode(), "big.py": b"#" * 3 * MB}
        assert self.check(tmp_path, archive_of({**files, "deployment.py": b"import big\n" + GOOD.encode()}, method)).ok

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("lie", [False, True])
    def test_a_decompression_bomb_is_not_unpacked(self, tmp_path: Path, method: int, lie: bool) -> None:
        bomb = bytearray(archive_of({"deployment.py": bytes(40 * MB)}, method))
        if lie:
            at = bomb.index(b"PK\1\2")
            bomb[at + 24 : at + 28] = struct.pack("<L", 1000)
        content = bytes(bomb)
        del bomb
        (tmp_path / "package.zip").write_bytes(content)
        tracemalloc.start()
        try:
            report = validate_package(tmp_path / "package.zip")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert "deployment.py is larger than 4 MB" in problems(report)[0]
        assert peak < 20 * MB

    @pytest.mark.parametrize("method", METHODS)
    def test_a_damaged_file_is_a_problem(self, tmp_path: Path, method: int) -> None:
        content = bytearray(archive_of({"deployment.py": GOOD.encode() * 100}, method))
        for at in range(60, 90):
            content[at] ^= 0x55
        report = self.check(tmp_path, bytes(content))
        assert "the zip archive is damaged" in problems(report)[0]

    @pytest.mark.parametrize("method", METHODS)
    def test_a_file_that_is_cut_off_is_a_problem(self, tmp_path: Path, method: int) -> None:
        content = bytearray(archive_of({"deployment.py": GOOD.encode() * 100}, method))
        at = content.index(b"PK\1\2")
        (size,) = struct.unpack_from("<L", content, at + 20)
        content[at + 20 : at + 24] = struct.pack("<L", size // 2)
        assert "the zip archive is damaged" in problems(self.check(tmp_path, bytes(content)))[0]

    def test_lzma_that_needs_too_much_memory_is_not_unpacked(self, tmp_path: Path) -> None:
        content = bytearray(archive_of({"deployment.py": GOOD.encode()}, zipfile.ZIP_LZMA))
        at = 30 + len("deployment.py") + 4 + 1
        content[at : at + 4] = struct.pack("<L", 0xFFFFFFFF)
        assert "its LZMA dictionary takes" in problems(self.check(tmp_path, bytes(content)))[0]
        content[at : at + 4] = struct.pack("<L", 1 << 16)
        for properties in (255, 44):
            content[at - 1] = properties
            assert "its LZMA properties are not valid" in problems(self.check(tmp_path, bytes(content)))[0]

    def test_a_missing_compression_method_is_reported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        content = archive_of({"deployment.py": GOOD.encode()}, zipfile.ZIP_BZIP2)
        monkeypatch.setitem(sys.modules, "bz2", None)
        assert "is compressed in a way that this Python can't read" in problems(self.check(tmp_path, content))[0]

    def test_a_hidden_table_of_contents_is_bounded_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "MAXIMUM_DIRECTORY_SIZE", 1000)
        content = archive_of({"deployment.py": GOOD.encode(), **{f"{n:050}": b"" for n in range(100)}})
        start = content.index(b"PK\1\2")
        end = content.rindex(b"PK\5\6")
        large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 101, 101, end - start, start)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        small = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 0, 0)
        report = self.check(tmp_path, content[:end] + large + locator + small)
        assert not report.ok
        assert "too many entries" in problems(report)[0] or "damaged" in problems(report)[0]
        monkeypatch.setattr(archive, "MAXIMUM_DIRECTORY_SIZE", 10**6)
        monkeypatch.setattr(archive, "MAXIMUM_ENTRIES", 50)
        assert not self.check(tmp_path, content[:end] + large + locator + small).ok

    def test_duplicate_names_give_a_warning(self, tmp_path: Path) -> None:
        content = io.BytesIO()
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(content, "w") as made:
            made.writestr("deployment.py", GOOD)
            made.writestr("deployment.py", GOOD)
        report = self.check(tmp_path, content.getvalue())
        assert warned(report) == ["deployment.py: the archive has more than one file of this name"]

    def test_an_entry_without_a_name_is_a_problem(self, tmp_path: Path) -> None:
        content = archive_of({"deployment.py": GOOD.encode()}).replace(b"deployment.py", b"\0eployment.py")
        assert "an entry without a name" in problems(self.check(tmp_path, content))[0]

    @pytest.mark.parametrize("content", [b"", b"x", b"PK\5\6", b"\x1f\x8b" + bytes(100)])
    def test_a_file_that_is_not_an_archive_is_a_problem(self, tmp_path: Path, content: bytes) -> None:
        report = self.check(tmp_path, content)
        assert problems(report)[0].startswith("the file is not a zip archive")

    def test_an_archive_that_is_too_large_gives_a_warning(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(check, "MAXIMUM_PACKAGE", 10)
        assert (
            "the platform accepts packages up to" in warned(self.check(tmp_path, archive_of({"deployment.py": b""})))[0]
        )

    @given(
        data=st.data(),
        method=st.sampled_from(METHODS),
    )
    @settings(deadline=None, max_examples=150)
    def test_no_corruption_raises(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, method: int
    ) -> None:
        content = bytearray(archive_of({"deployment.py": GOOD.encode(), "requirements.txt": b"numpy"}, method))
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.sampled_from([0, 0, 0, 1, 30]))
        report = self.check(tmp_path_factory.getbasetemp(), bytes(content[cut:]))
        assert str(report)


@given(code=st.text("abD:()=\n    import from.*defclass'\"\\#\0é", max_size=200))
@settings(deadline=None, max_examples=100)
def test_no_code_raises(tmp_path_factory: pytest.TempPathFactory, code: str) -> None:
    root = tmp_path_factory.getbasetemp() / "any-code"
    root.mkdir(exist_ok=True)
    (root / "deployment.py").write_text(code, encoding="utf-8")
    assert str(validate_package(root))


def test_the_client_never_imports_the_emulator() -> None:
    import subprocess

    code = (
        "import sys, ubiops.utils as u; u.validate_package('.');"
        " bad = [m for m in sys.modules if m.startswith('ubiops.emulator')]; assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_long_chain_of_base_classes_is_followed(make: Make) -> None:
    chain = "class C0: pass\n" + "".join(f"class C{n}(C{n - 1}): pass\n" for n in range(1, 3000))
    report = validate_package(make(code=f"{chain}class Deployment(C2999): pass\n"))
    assert "class Deployment has neither a method request(self, data)" in problems(report)[0]
