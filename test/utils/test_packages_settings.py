"""Validating requirements.txt and ubiops.yaml, as the official client does."""

from __future__ import annotations

import http.server
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ubiops
from ubiops._packages.requirements import check_requirements
from ubiops._packages.settings import check_settings
from ubiops.utils import validate_requirements_file, validate_yaml_file

VALID_REQUIREMENTS = [
    "",
    "# only a comment\n\n",
    "numpy",
    "numpy==1.26.4  # pinned",
    "NumPy>=1,<2 ; python_version < '3.12'",
    "scikit_learn[extra1, extra-2]~=1.2",
    "torch==2.1.0+cu118",
    "pkg===1.0-legacy",
    "name @ https://example.com/name-1.0.tar.gz",
    "name@git+https://example.com/name.git@main#egg=name",
    "git+https://example.com/x.git",
    "https://example.com/x-1.0-py3-none-any.whl",
    "-i https://example.com/simple\n--extra-index-url=https://example.com\n--pre\n--no-binary :all:",
    "-e git+https://example.com/x.git#egg=x",
    "numpy==1.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def",
    "numpy==1; sys_platform == 'linux'\nnumpy==2; sys_platform != 'linux'",
    "numpy==1\nnumpy==1",
    "\ufeffnumpy",
    "-r more.txt\n-c constraints/all.txt\n-rmore.txt",
    "./libraries/x-1.0-py3-none-any.whl",
    "x.whl",
]
BAD_REQUIREMENTS = [
    ("numpy=1.0", 1, "an exact version is written with =="),
    ("\nnumpy 1.0", 2, "put == between the name and the version"),
    ("pip install numpy", 1, "write the package's name only"),
    ("numpy>=", 1, "not a valid requirement"),
    ("!!!", 1, "not a valid requirement"),
    ("not a req", 1, "not a valid requirement"),
    ("a\\\nb c", 1, "not a valid requirement"),
    ("numpy @ file:///croot/numpy/work", 1, "is a path on your machine"),
    ("file:///home/me/x.whl", 1, "is a path on your machine"),
    ("-e file:///home/me/x", 1, "is a path on your machine"),
    ("/home/me/x.whl", 1, "put the file into the package"),
    ("-r missing.txt", 1, "there is no file missing.txt in the package"),
    ("./missing.whl", 1, "there is no file missing.whl in the package"),
    ("--no-such-option", 1, "pip has no option --no-such-option"),
    ("numpy" + " " * 1_000_000 + "x", 1, "the line is too long"),
    ("numpy==1\n\nNumPy==2", 3, "NumPy is required twice: as 'NumPy==1' in line 1 and as 'NumPy==2'"),
]
FILES = {"more.txt", "constraints/all.txt", "libraries/x-1.0-py3-none-any.whl", "x.whl"}


@pytest.fixture(params=["with packaging", "without packaging"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways to read requirements; True where the extra is installed."""
    if request.param == "without packaging":
        monkeypatch.setitem(sys.modules, "packaging.requirements", None)
        return False
    return True


class TestRequirements:
    @pytest.mark.parametrize("text", VALID_REQUIREMENTS)
    def test_what_pip_accepts_is_valid(self, text: str, either_way: bool) -> None:
        found = check_requirements(text.encode(), FILES)
        assert [remark for remark in found.remarks if remark.is_problem] == []
        rough = [remark.message for remark in found.remarks if "ubiops[packages]" in remark.message]
        assert len(rough) == (not either_way and bool(found.names))

    @pytest.mark.parametrize(("text", "line", "message"), BAD_REQUIREMENTS)
    def test_what_pip_rejects_is_a_problem(self, text: str, line: int, message: str, either_way: bool) -> None:
        (remark,) = [remark for remark in check_requirements(text.encode(), FILES).remarks if remark.is_problem]
        assert message in f"{remark.message} ({remark.hint})"
        assert remark.line == line

    def test_encodings_that_pip_reads_are_read(self) -> None:
        found = check_requirements("numpy\n".encode("utf-16"))
        assert list(found.names) == ["numpy"]
        assert [remark.is_problem for remark in found.remarks] == [False]
        (remark,) = check_requirements(b"numpy\n\xff\n").remarks[:1]
        assert (remark.line, remark.is_problem) == (2, True)

    def test_names_are_known_in_their_normal_form(self, either_way: bool) -> None:
        found = check_requirements(b"Scikit_Learn\nzope.interface==5\n")
        assert found.names == {"scikit-learn": 1, "zope-interface": 2}
        assert found.is_complete
        assert not check_requirements(b"-r x\n").is_complete
        assert check_requirements(b"--extra-index-url x\n").has_other_index

    @given(st.text("ab-=<>1.[],;@ #\\\n'\"/:r", max_size=60))
    @settings(deadline=None)
    def test_no_text_raises(self, text: str) -> None:
        check_requirements(text.encode(), set())


YAML = [
    ("", True),
    ("{}", True),
    ("environment_variables:\n  - A=b\n", True),
    ("environment_variables:\n  - A1=b\n  - _A=\n  - A=b=c\n", True),
    ("environment_variables: []\n", True),
    ("environment_variables:\n", False),
    ("environment_variables:\n  - a=b\n", False),
    ("environment_variables:\n  - A\n", False),
    ("environment_variables:\n  - 3\n", False),
    ("environment_variables:\n  A: b\n", False),
    ("apt:\n  packages: []\n", True),
    ("apt:\n  packages:\n    - git\n", True),
    ("apt:\n  packages: git\n", False),
    ("apt:\n  packages:\n  - 3\n", False),
    ('apt:\n  packages: [""]\n', False),
    ("apt:\n  packages:\n", False),
    ("apt: {}\n", False),
    ("apt:\n", False),
    ("apt:\n  keys:\n    urls: []\n", False),
    ("apt:\n  packages: []\n  keys:\n    urls: [http://a.b/c, https://a.b]\n", True),
    ("apt:\n  packages: []\n  keys:\n    urls: [ftp://x]\n    items: [a]\n", False),
    ("apt:\n  packages: []\n  keys:\n    urls:\n", False),
    ("apt:\n  packages: []\n  keys: {}\n", True),
    ('apt:\n  packages: []\n  sources:\n    items: ["deb http://x y z"]\n', True),
    ("apt:\n  packages: []\n  sources:\n    items: [3]\n", False),
    ("apt:\n  packages: []\n  other: 1\n", False),
    ("other: 1\n", False),
    ("- a\n", False),
    ("just text", False),
    ("a: b: c\n", False),
    ("apt:\n\tpackages: []\n", False),
]


class TestYaml:
    @pytest.mark.parametrize(("text", "valid"), YAML)
    def test_the_official_client_says_the_same(self, tmp_path: Path, text: str, valid: bool) -> None:
        path = tmp_path / "ubiops.yaml"
        path.write_text(text)
        assert validate_yaml_file(path) is valid

    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ("apt:\n  package: []\n", 2, "'package' is not a valid key (did you mean packages?)"),
            ("x: 1\n", 1, "'x' is not a valid key (the keys are environment_variables and apt)"),
            ("# c\n\tapt: 1\n", 2, "the line is indented with a tab (use spaces)"),
            ("a: [\n", 2, "this is not valid YAML: "),
            ("apt:\n  packages: []\napt:\n  packages: []\n", 3, "the key apt occurs twice"),
            ("apt: {}\n", 1, "apt must have the key packages"),
            ("apt:\n  packages:\n    git\n", 3, "apt.packages must be a list (put '- ' before each item)"),
            ("environment_variables:\n- A=1\n- b=2\n", 3, "must be written as NAME=value"),
            ("apt:\n  packages: []\n  keys:\n    urls:\n    - x\n", 5, "'x' is not a valid URL"),
            ("apt:\n  packages: []\n  keys:\n    urls:\n    - [x]\n", 5, "a sequence is not a valid URL"),
            ("? [a]\n: b\n", 1, "'a complex key' is not a valid key"),
            ("[" * 5000, None, "this is not valid YAML: "),
            ("a: &a [*a]\n", 1, "'a' is not a valid key"),
            ("a: *b\n", 1, "this is not valid YAML: "),
            ("a: \x01\n", None, "this is not valid YAML: "),
            ("apt: 1\n--- \napt: 2\n", None, "this is not valid YAML: "),
        ],
    )
    def test_a_problem_names_its_line(self, text: str, line: int | None, message: str) -> None:
        problem = check_settings(text.encode()).problems[0]
        shown = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
        assert message in shown
        assert line is None or problem.line == line

    def test_text_in_another_encoding_is_a_problem(self) -> None:
        (problem,) = check_settings(b"a: 1\nb: \xff\n").problems
        assert (problem.line, problem.message) == (2, "the text is not valid UTF-8")

    def test_without_pyyaml_the_outermost_keys_are_checked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setitem(sys.modules, "yaml", None)
        path = tmp_path / "ubiops.yaml"
        path.write_text("# c\napt:\n  packages: []\nenvironment_variables:\n- A: b\n")
        assert validate_yaml_file(path) is True
        assert "pip install 'ubiops[packages]'" in caplog.text
        path.write_text("apts:\n  packages: []\n")
        assert validate_yaml_file(path) is False
        assert "did you mean apt?" in caplog.text

    @given(st.text("apt:\n -packges[]{}&*!#\"'", max_size=60))
    @settings(deadline=None)
    def test_no_text_raises(self, text: str) -> None:
        check_settings(text.encode())


class Index(http.server.BaseHTTPRequestHandler):
    """An index of packages that knows numpy alone, and fails for ``broken``."""

    def do_HEAD(self) -> None:
        status = {"/simple/numpy/": 200, "/simple/broken/": 500}.get(self.path, 404)
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple/")
    yield
    server.shutdown()
    server.server_close()
    thread.join()


class TestValidateRequirementsFile:
    def run(self, tmp_path: Path, text: str, check_index: bool = True) -> bool:
        path = tmp_path / "requirements.txt"
        path.write_text(text)
        return validate_requirements_file(path, check_index=check_index)

    def test_packages_are_looked_up(self, tmp_path: Path, index: None, caplog: pytest.LogCaptureFixture) -> None:
        assert self.run(tmp_path, "NumPy==1.0\n") is True
        assert caplog.text == ""
        assert self.run(tmp_path, "numpy\nnunpy==1\n") is False
        assert caplog.record_tuples == [("Validate", logging.ERROR, "Line 2, nunpy is not found on 127.0.0.1")]
        assert self.run(tmp_path, "nunpy==1\n", check_index=False) is True

    def test_lines_that_are_not_valid_are_named(
        self, tmp_path: Path, index: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert self.run(tmp_path, "numpy\n\nnumpy=2\n") is False
        assert "Line 3, 'numpy=2' is not a valid requirement" in caplog.text
        assert self.run(tmp_path, "") is True

    def test_lines_for_another_index_are_not_looked_up(
        self, tmp_path: Path, index: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert self.run(tmp_path, "--extra-index-url https://example.com/\nprivate-package\n") is True
        assert "the file names an index of its own" in caplog.text

    def test_an_unreachable_index_is_not_an_error(
        self, tmp_path: Path, index: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert self.run(tmp_path, "broken\nnunpy\n") is True
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/simple/")
            assert self.run(tmp_path, "numpy\n") is True
        assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
        assert "127.0.0.1 can't be reached" in caplog.text

    def test_an_index_that_is_no_web_address_is_not_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "nunpy").mkdir()
        monkeypatch.setenv("PIP_INDEX_URL", tmp_path.as_uri())
        assert self.run(tmp_path, "nunpy\n") is True
        assert "can't be reached" in caplog.text

    def test_the_certificates_of_the_client_are_used(self, tmp_path: Path, index: None, emulator: object) -> None:
        path = tmp_path / "requirements.txt"
        path.write_text("numpy")
        with ubiops.ApiClient(ubiops.Configuration(host="http://localhost", api_key={"Authorization": "x"})) as client:
            assert validate_requirements_file(str(path), client) is True

    @pytest.mark.parametrize("function", [validate_requirements_file, validate_yaml_file])
    def test_a_file_that_can_not_be_read_is_an_error(self, tmp_path: Path, function: object) -> None:
        assert callable(function)
        with pytest.raises(FileNotFoundError, match="there is no file") as caught:
            function(tmp_path / "missing")
        assert isinstance(caught.value, ubiops.UbiOpsException)
        with pytest.raises(ubiops.ApiValueError, match="can't be read"):
            function(tmp_path)
        (tmp_path / "large").write_bytes(bytes(1024**2 + 1))
        with pytest.raises(ubiops.ApiValueError, match="larger than (1 MB|128 KB)"):
            function(tmp_path / "large")
