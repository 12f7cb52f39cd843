"""Which packages build: their files, the class Deployment and its methods."""

from __future__ import annotations

import io
import stat
import struct
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ubiops._packages import archive, build, nesting
from ubiops._packages.build import inspect
from ubiops._packages.source import read_python_by_patterns
from ubiops.emulator.areas.deployments import environments

INIT = "class Deployment:\n    def __init__(self, base_directory, context): pass\n"
REQUEST = INIT + "    def request(self, data): pass\n"
REQUESTS = INIT + "    def requests(self, data): pass\n"


def look(path: Path, content: bytes, environment: str = "python3-9") -> build.Inspection:
    file = path / "package.zip"
    file.write_bytes(content)
    found = environments.find(environment)
    assert found
    return inspect(file, found)


@pytest.mark.parametrize(
    ("entries", "methods"),
    [
        ({"deployment.py": REQUEST}, (True, False)),
        ({"a/deployment.py": REQUEST}, (True, False)),
        ({"deployment_package/deployment.py": REQUESTS}, (False, True)),
        ({"a/deployment.py": REQUEST + "    def requests(self, data): pass\n"}, (True, True)),
        ({"a/deployment.py": "", "deployment_package/deployment.py": REQUEST}, (True, False)),
        ({"a/deployment.py": "", "deployment.py": REQUEST}, (True, False)),
        ({"a/deployment.py": REQUEST, "a/libraries/b/c.py": "", "a/requirements.txt": "", "README": ""}, (True, False)),
        ({"a/deployment.py": REQUEST, "__MACOSX/a/._deployment.py": "\0", ".DS_Store": "\0"}, (True, False)),
        ({"a/": "", "a/deployment.py": REQUEST}, (True, False)),
    ],
)
def test_code_is_found_at_the_root_or_in_a_folder(
    tmp_path: Path, zipped: Any, entries: dict[str, str | bytes], methods: tuple[bool, bool]
) -> None:
    found = look(tmp_path, zipped(entries))
    assert (found.error, found.has_request, found.has_requests) == ("", *methods)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({}, "the zip archive is empty"),
        ({".DS_Store": ""}, "the zip archive is empty"),
        ({"readme.txt": ""}, "there is no deployment.py in the zip archive"),
        ({"a/main.py": REQUEST}, "there is no deployment.py in the folder a of the zip archive"),
        ({"a/deployment.py": REQUEST, "b/c.py": ""}, "several folders (a, b): put the code in one folder"),
        ({"a/b/deployment.py": REQUEST}, "but it is in a/b/deployment.py: move it up"),
        ({"a/Deployment.py": REQUEST}, "but there is a/Deployment.py: the name must be spelled deployment.py"),
        ({"a\\deployment.py": REQUEST}, "named with backslashes"),
        ({"deployment.R": ""}, "deployment.R does not run in the environment python3-9"),
        ({"../deployment.py": REQUEST, "deployment.py": REQUEST}, "leads out of its folder: '../deployment.py'"),
        ({"/etc/passwd": "", "deployment.py": REQUEST}, "leads out of its folder: '/etc/passwd'"),
        ({"a\\..\\..\\b": "", "deployment.py": REQUEST}, "leads out of its folder: 'a"),
        ({"\\\\host\\b": "", "deployment.py": REQUEST}, "leads out of its folder: "),
        ({"C:\\b": "", "deployment.py": REQUEST}, "leads out of its folder: 'C:"),
        ({"deployment.py": "#" * (4 * 1024**2 + 1)}, "deployment.py is larger than 4 MB"),
    ],
)
def test_an_archive_without_code_fails_the_build(
    tmp_path: Path, zipped: Any, entries: dict[str, str | bytes], reason: str
) -> None:
    found = look(tmp_path, zipped(entries))
    assert reason in found.error
    assert found.fails_in_building
    assert found.has_request is found.has_requests is False


def damaged(code: str) -> bytes:
    """Returns a package in which one byte of the code is wrong."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("deployment.py", code)
    return content.getvalue().replace(b"Deployment", b"deployment", 1)


def with_flags(flags: int, method: int) -> bytes:
    """Returns a package whose entry claims these flags and this compression method."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("deployment.py", REQUEST)
    changed = bytearray(content.getvalue())
    at = changed.index(b"PK\1\2")
    changed[6:10] = struct.pack("<HH", flags, method)
    changed[at + 8 : at + 12] = struct.pack("<HH", flags, method)
    return bytes(changed)


def ending(entries: int, directory: int) -> bytes:
    """Returns the end of an archive with this number of entries and directory size."""
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, directory, 0, 0)


def ending_64(entries: int, directory: int) -> bytes:
    """Returns the same for a large archive."""
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, directory, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    return end + locator + ending(0xFFFF, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"x", "the file is not a zip archive"),
        (b"\x1f\x8b" + b"x" * 1000, "the file is not a zip archive"),
        (b"PK\3\4" + b"\0" * 1000, "the file is not a zip archive, or its end is missing"),
        (b"PK\5\6", "the file is not a zip archive, or its end is missing"),
        (ending(1, 46), "zip archive"),
        (b"x" * 100 + ending(1, 46), "the file is not a zip archive, or is damaged"),
        (ending(1, 100 * 1024**2), "too many entries"),
        (ending_64(10**6, 1000), "too many entries"),
        (ending_64(1, 2**40), "too many entries"),
        (damaged(REQUEST), "the zip archive is damaged: the checksum of deployment.py is wrong"),
        (with_flags(1, 0), "deployment.py is encrypted"),
        (with_flags(0, 99), "deployment.py is compressed with method 99, which is not supported"),
    ],
)
def test_a_file_that_is_not_an_archive_fails_the_build(tmp_path: Path, content: bytes, reason: str) -> None:
    found = look(tmp_path, content)
    assert reason in found.error
    assert found.fails_in_building


def test_an_archive_that_would_fill_the_disk_fails_the_build(
    tmp_path: Path, zipped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped({"deployment.py": REQUEST, "zeros": b"\0" * 10_000_000})
    assert len(bomb) < 20_000
    assert look(tmp_path, bomb).error == ""
    monkeypatch.setattr(archive, "MAXIMUM_UNPACKED_SIZE", 1_000_000)
    assert "unpacked, the zip archive would take" in look(tmp_path, bomb).error


def test_code_larger_than_its_declared_size_is_not_read_completely(tmp_path: Path, zipped: Any) -> None:
    bomb = bytearray(zipped({"deployment.py": "#" * 50_000_000}))
    at = bomb.index(b"PK\1\2")
    bomb[at + 24 : at + 28] = struct.pack("<L", 1000)
    assert look(tmp_path, bytes(bomb)).fails_in_building


def test_the_number_of_entries_is_limited(tmp_path: Path, zipped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAXIMUM_ENTRIES", 3)
    many = {f"a/{number}": "" for number in range(3)}
    assert (
        "too many entries; at most 3 are allowed" in look(tmp_path, zipped({**many, "a/deployment.py": REQUEST})).error
    )


@pytest.mark.parametrize(
    ("code", "methods"),
    [
        (REQUEST, (True, False)),
        (INIT + "    def request(self, data, context): pass", (True, False)),
        (INIT + "    def request(self, data, context=None): pass", (True, False)),
        (INIT + "    def request(self, data, *, context): pass", (True, False)),
        (INIT + "    def request(self, *args, **kwargs): pass", (True, False)),
        (INIT + "    def request(self, data, extra=1, more=2): pass", (True, False)),
        (INIT + "    async def request(self, data): pass", (True, False)),
        (INIT + "    @staticmethod\n    def request(data): pass", (True, False)),
        (INIT + "    request = lambda self, data: data", (True, False)),
        (INIT + "    if True:\n        def request(self, data): pass", (True, False)),
        (
            INIT + "    try:\n        pass\n    except ValueError:\n        def requests(self, data): pass",
            (False, True),
        ),
        ("class Deployment:\n    def __init__(self, *args): pass\n    def request(self, data): pass", (True, False)),
        ("class Deployment:\n    def __init__(self, a=0, *, c=2): pass\n    def request(self, d): pass", (True, False)),
        ("class Deployment:\n    def __init__(self): pass\n    def request(self, data): pass", (True, False)),
        ("class Deployment:\n    def __init__(self, context): pass\n    def request(self, data): pass", (True, False)),
        ("class Deployment:\n    def __init__(self, **kwargs): pass\n    def request(self, data): pass", (True, False)),
        ("class Deployment:\n    def request(self, data): pass", (True, False)),
        ("class Base:\n    def request(self, data): pass\n" + INIT.replace("t:", "t(Base):"), (True, False)),
        ("class Base(object):\n    def requests(self, data): pass\n" + INIT.replace("t:", "t(Base):"), (False, True)),
        ("from elsewhere import Base\nclass Deployment(Base): pass", (True, False)),
        ("from elsewhere import Deployment", (True, False)),
        ("import elsewhere as Deployment", (True, False)),
        ("Deployment = make()", (True, False)),
        ("Deployment: type = make()", (True, False)),
        ("@decorated\nclass Deployment: pass", (True, False)),
        ("if True:\n    " + REQUEST.replace("\n", "\n    "), (True, False)),
        ("import no_such_module\nraise SystemExit\n" + REQUEST, (True, False)),
        ("# -*- coding: latin-1 -*-\n# \xe4\n" + REQUEST, (True, False)),
        ("\ufeff" + REQUEST, (True, False)),
    ],
)
def test_valid_code_is_inspected_without_running_it(
    tmp_path: Path, zipped: Any, code: str, methods: tuple[bool, bool]
) -> None:
    found = look(tmp_path, zipped({"deployment.py": code.encode("latin-1" if "latin-1" in code else "utf-8")}))
    assert (found.error, found.has_request, found.has_requests) == ("", *methods)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "there is no class Deployment"),
        ("class deployment: pass", "there is a class deployment, but it must be named Deployment (line 1)"),
        ("def f():\n    class Deployment: pass", "there is no class Deployment"),
        ("class Deployment:", "the code is not valid Python 3.9: "),
        ("print 'x'", "(line 1)"),
        ("x = (\n" + REQUEST, "the code is not valid Python 3.9"),
        ("\0" + REQUEST, "null bytes"),
        ("# coding: klingon\n" + REQUEST, "the code can't be decoded: unknown encoding: klingon"),
        (b"# \xff\n" + REQUEST.encode(), "the code can't be decoded"),
        ("class Deployment: pass", "neither a method request"),
        (INIT, "neither a method request(self, data) nor a method requests(self, data)"),
        (INIT + "def request(self, data): pass", "neither a method request"),
        (INIT + "    def request(self): pass", "Deployment.request takes (self), but is called as (self, data) or"),
        (INIT + "    def request(self, a, b, c): pass", "takes (self, a, b, c), but is called as"),
        (INIT + "    def requests(self, data, *, key): pass", "takes (self, data, *, key), but is called as"),
        (
            "class Deployment:\n    def __init__(self, a, b): pass\n    def request(self, data): pass",
            "__init__ takes (self, a, b), but is called with the keyword arguments base_directory and context",
        ),
        ("class A(A): pass\nclass Deployment(A): pass\n", None),
    ],
)
def test_code_without_a_valid_deployment_class_fails_the_validation(
    tmp_path: Path, zipped: Any, code: str | bytes, reason: str | None
) -> None:
    found = look(tmp_path, zipped({"deployment.py": code}))
    if reason is None:
        # The inherited members are unknown, and following the bases must terminate.
        assert found.error == ""
        return
    assert found.error.startswith("deployment.py: ")
    assert reason in found.error
    assert not found.fails_in_building


@pytest.mark.filterwarnings("error")
def test_syntax_warnings_do_not_fail_the_validation(tmp_path: Path, zipped: Any) -> None:
    for literal in ("'\\d'", "'\\777'", "b'\\d'"):
        found = look(tmp_path, zipped({"deployment.py": f"X = {literal}\n{REQUEST}"}))
        assert (found.error, found.has_request, found.has_requests) == ("", True, False)


def test_deeply_nested_code_fails_the_validation(tmp_path: Path, zipped: Any) -> None:
    for code in ("(" * 100_000, "x = " + "[" * 10_000 + "]" * 10_000, "x = " + "-" * 100_000 + "1"):
        assert "deployment.py: " in look(tmp_path, zipped({"deployment.py": code})).error


def test_error_messages_are_truncated_to_the_limit_of_the_api(tmp_path: Path, zipped: Any) -> None:
    arguments = ", ".join(f"argument_{number}" for number in range(1000))
    found = look(tmp_path, zipped({"deployment.py": f"{INIT}    def request(self, {arguments}): pass"}))
    assert len(found.error) == 1024


def test_code_is_parsed_with_the_python_version_of_the_environment(tmp_path: Path, zipped: Any) -> None:
    newer = REQUEST + "\nmatch 1:\n    case 1: pass\n"
    content = zipped({"deployment.py": newer})
    assert look(tmp_path, content, "python3-10").error == ""
    assert look(tmp_path, content, "python3-13").error == ""
    if sys.version_info >= (3, 10):
        assert "the code is not valid Python 3.9" in look(tmp_path, content, "python3-9").error


@pytest.mark.parametrize(
    ("code", "methods"),
    [
        (REQUEST + "from the future: a new statement", (True, False)),
        (INIT + "    async def requests (self, data): new", (False, True)),
    ],
)
def test_code_for_a_newer_python_is_inspected_by_patterns(code: str, methods: tuple[bool, bool]) -> None:
    assert read_python_by_patterns(code.encode()) == methods


@pytest.mark.parametrize(
    ("code", "methods"),
    [
        ("init <- function(base_directory, context) {}\nrequest <- function(input_data) {}", (True, False)),
        ("requests = function(data, base_directory, context) {}", (False, True)),
    ],
)
def test_r_code_is_inspected_by_patterns(tmp_path: Path, zipped: Any, code: str, methods: tuple[bool, bool]) -> None:
    found = look(tmp_path, zipped({"a/deployment.R": code}), "r4-0")
    assert (found.error, found.has_request, found.has_requests) == ("", *methods)


def test_r_code_needs_a_request_function(tmp_path: Path, zipped: Any) -> None:
    found = look(tmp_path, zipped({"deployment.R": "# request"}), "r4-0")
    assert found.error == "deployment.R: there is neither a function 'request' nor a function 'requests'"
    found = look(tmp_path, zipped({"deployment.py": REQUEST}), "r4-0")
    assert "deployment.py does not run in the environment r4-0" in found.error


# Packages that once took hours, gigabytes or the whole process. The limits of this test
# are generous: each of them must be done in a fraction of a second, or be given up.
def compressed(content: bytes, method: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("deployment.py", content)
    return packed.getvalue()


HOSTILE = {
    "blank lines before a pattern": ("deployment.R", "\n" * 4_000_000, "r4-0", "neither a function"),
    "blank lines in newer code": ("deployment.py", "@@\n" + "\n" * 4_000_000, "python3-13", "deployment.py"),
    "a long sum": (
        "deployment.py",
        "x=1" + "+1" * 1_000_000 + "\n" + REQUEST,
        "python3-9",
        "nested too deeply|recursion",
    ),
    "many attributes": ("deployment.py", "x=a" + ".a" * 1_000_000 + "\n" + REQUEST, "python3-9", "nested|recursion"),
    "many calls": ("deployment.py", "x=a" + "()" * 1_000_000 + "\n" + REQUEST, "python3-9", "nested|recursion"),
    "many bases": (
        "deployment.py",
        "class C0: pass\n"
        + "".join(f"class C{number}(C{number - 1}, C{number - 1}): pass\n" for number in range(1, 41))
        + "class Deployment(C40):\n    def request(self, data): pass\n",
        "python3-9",
        "",
    ),
    "a chain of bases": (
        "deployment.py",
        "class C0:\n    def request(self, data): pass\n"
        + "".join(f"class C{number}(C{number - 1}): pass\n" for number in range(1, 20_001))
        + "class Deployment(C20000): pass\n",
        "python3-9",
        "",
    ),
    "a long default": (
        "deployment.py",
        "class Deployment:\n    def __init__(self, a, b=" + "-" * 900 + "1): pass\n    def request(self, d): pass\n",
        "python3-9",
        "class Deployment can't be read|__init__ takes",
    ),
    **{
        f"the codec {codec}": ("deployment.py", f"# coding: {codec}\n{REQUEST}", "python3-9", "can't be decoded")
        for codec in ("hex", "zlib", "undefined", "punycode", "base64", "bz2", "rot13")
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_inspected_at_once(tmp_path: Path, zipped: Any, name: str) -> None:
    file, code, environment, reason = HOSTILE[name]
    started = time.process_time()
    found = look(tmp_path, zipped({file: code}), environment)
    assert time.process_time() - started < 20
    assert any(part in found.error for part in reason.split("|")) if reason else found.error == ""


def test_code_with_many_branches_is_inspected(tmp_path: Path, zipped: Any) -> None:
    branches = "if a: pass\n" + "elif a: pass\n" * 1500
    found = look(tmp_path, zipped({"deployment.py": branches + REQUEST}))
    assert (found.error, found.has_request) == ("", True) or "deployment.py: the code can't be parsed" in found.error


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unpacking_stops_at_the_limit_for_every_method(tmp_path: Path, method: int) -> None:
    content = compressed(b"\n" * 64_000_000, method)
    tracemalloc.start()
    try:
        found = look(tmp_path, content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.error == "deployment.py is larger than 4 MB"
    assert peak < 40 * 1024**2


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 has no match statement")
def test_a_class_in_a_case_of_a_match_statement_is_found(tmp_path: Path, zipped: Any) -> None:
    code = "match 1:\n    case 1:\n        " + REQUEST.replace("\n", "\n        ")
    found = look(tmp_path, zipped({"deployment.py": code}), "python3-10")
    assert (found.error, found.has_request) == ("", True)


def test_the_first_of_several_bases_wins(tmp_path: Path, zipped: Any) -> None:
    code = """
class Top:
    def request(self, a, b, c): pass
class Left(Top): pass
class Right(Top):
    def request(self, data): pass
class Deployment(Left, Right): pass
"""
    assert "takes (self, a, b, c)" in look(tmp_path, zipped({"deployment.py": code})).error


def test_entries_may_start_with_the_present_folder(tmp_path: Path, zipped: Any) -> None:
    for name in ("./deployment.py", "./a/deployment.py"):
        found = look(tmp_path, zipped({name: REQUEST}))
        assert (found.error, found.has_request) == ("", True)
    assert "in the folder a of" in look(tmp_path, zipped({"./a/main.py": REQUEST})).error


def test_an_entry_on_another_drive_is_rejected(tmp_path: Path, zipped: Any) -> None:
    found = look(tmp_path, zipped({"C:x.py": "", "deployment.py": REQUEST}))
    assert "leads out of its folder: 'C:x.py'" in found.error


def test_an_entry_that_is_a_link_is_rejected(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("deployment.py", REQUEST)
        link = zipfile.ZipInfo("data")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
    found = look(tmp_path, packed.getvalue())
    assert found.error == "the zip archive has an entry that is a link: 'data'"


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("x = " + "+1" * 5000, True),
        ("x = " + "not " * 5000 + "1", True),
        ("x = " + "a if b else " * 5000 + "c", True),
        ("x = f'{a" + ".a" * 5000 + "}'", True),
        ("if a: pass\n" + "elif a: pass\n" * 5000, True),
        ("x = " + "(" * 90 + "1" + ("+1" * 90 + ")") * 90, True),
        ("x = [" + "(1, -2.5, 'a.b+c'), " * 5000 + "]", False),
        ("x = '" + "a.b+c" * 5000 + "'", False),
        ("# " + "." * 5000, False),
        ('"""' + "\\" * 5000, False),
        ("x = a.b + c\n" * 5000, False),
        ("x = a.b; " * 5000, False),
    ],
)
def test_the_depth_of_code_is_estimated(text: str, deep: bool) -> None:
    assert (nesting.depth(text) > nesting.MAXIMUM_DEPTH) is deep
