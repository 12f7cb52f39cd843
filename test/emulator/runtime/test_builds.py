"""Builds: the interpreter, the requirements, and what the log says about them."""

from __future__ import annotations

import base64
import functools
import hashlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import ubiops.emulator
from ubiops.emulator.areas.deployments import builds
from ubiops.emulator.runtime import installer, interpreters
from ubiops.emulator.runtime.installer import Installer, InstallError

Make = Callable[..., Any]

OWN = ".".join(map(str, sys.version_info[:3]))
CODE = "class Deployment:\n  def request(self, data): return data"
IMPORTS = """
import os, sys
import tiny_requirement
class Deployment:
    def request(self, data):
        return [tiny_requirement.VALUE, sys.prefix]
"""


def wheel(folder: Path, name: str = "tiny_requirement", requires: str = "") -> Path:
    """Writes a wheel with one module into a folder and returns its path."""
    import zipfile

    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "VALUE = 'installed'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for path, text in files.items()
    }
    record = "".join(f"{path},sha256={digests[path]},{len(text)}\n" for path, text in files.items())
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(member, text)
    return path


def until(condition: Callable[[], Any]) -> Any:
    """Waits for something that happens in another thread."""
    limit = time.monotonic() + 90
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return found


def build_log(version: Any) -> list[tuple[str, str]]:
    """Returns level and text of the entries of builds."""
    return [(entry["level"], entry["log"]) for entry in version.entries() if entry["system"]]


def revision(version: Any) -> Any:
    """Returns the latest revision of a version once its build has ended."""
    api = version.bench.api

    def ended() -> Any:
        latest = api.revisions_list(version.project, "d", "v1")[0]
        return latest if latest.status in ("success", "failed") else None

    return until(ended)


def test_a_build_log_tells_the_interpreter_and_the_result(make: Make) -> None:
    version = make(CODE, environment="python3-11")
    texts = [text for _, text in until(lambda: len(build_log(version)) == 3 and build_log(version))]
    assert texts == [
        f"The code runs with Python {OWN}, the emulator's own" if sys.version_info[:2] == (3, 11) else texts[0],
        "The package has no requirements.txt, or an empty one: nothing is installed",
        "The package was built",
    ]
    entry = version.entries()[0]
    assert entry["system"]
    assert entry["labels"]["deployment_version_revision_id"] == revision(version).id
    assert entry["labels"]["environment_name"] == "python3-11"


def test_a_failed_build_says_why_in_its_log(make: Make) -> None:
    version = make({"readme.txt": "there is no code in here"})
    assert until(lambda: build_log(version))[0][0] == "error"
    assert "deployment.py" in build_log(version)[0][1]


@pytest.fixture
def no_pythons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder as PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


OTHER = (3, 12) if sys.version_info[:2] != (3, 12) else (3, 13)
OTHER_NAME = f"python3-{OTHER[1]}"


def test_a_missing_interpreter_is_replaced_by_the_emulators_own(make: Make, no_pythons: Path) -> None:
    version = make("import sys\n" + CODE.replace("return data", "return sys.executable"), environment=OTHER_NAME)
    assert version.result() == sys.executable
    assert f"python3.{OTHER[1]} was not found on PATH: the code runs with Python {OWN}" in build_log(version)[0][1]


def other_python(folder: Path, pip: str) -> Path:
    """Writes a program that says that it is another version of Python.

    It really runs this one, but for pip.
    """
    python = folder / f"python3.{OTHER[1]}"
    python.write_text(
        f"""#!/bin/sh
PATH=/bin:/usr/bin
case "$1 $2" in
    "-c "*) echo '["{python}", [3, {OTHER[1]}, 7]]';;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
    "-m pip") {pip};;
    *) exec {sys.executable} "$@";;
esac
"""
    )
    python.chmod(0o755)
    return python


def test_an_interpreter_on_the_path_is_used(make: Make, no_pythons: Path) -> None:
    python = other_python(no_pythons, "exit 1")
    version = make(CODE, environment=OTHER_NAME)
    assert version.result("a") == "a"
    assert build_log(version)[0][1] == f"The code runs with Python 3.{OTHER[1]}.7 ({python})"


def test_a_program_that_is_no_interpreter_is_not_used(no_pythons: Path) -> None:
    python = no_pythons / f"python3.{OTHER[1]}"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert interpreters.Interpreter(OTHER).find().python == sys.executable


def test_r_packages_are_built_but_not_run(make: Make) -> None:
    version = make(
        {"deployment.R": "request <- function(input_data, base_directory, context) input_data"}, environment="r4-0"
    )
    assert revision(version).status == "success"
    assert until(lambda: build_log(version)) == [("error", interpreters.NO_R)]
    assert version.error() == interpreters.NO_R


@pytest.fixture(scope="module")
def requirement(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A line of a requirements.txt that needs no network."""
    return f"tiny_requirement @ {wheel(tmp_path_factory.mktemp('wheels')).as_uri()}"


def test_requirements_are_installed_into_an_environment_of_their_own(make: Make, requirement: str) -> None:
    settings = "environment_variables:\n  - PIP_VERBOSE=1\napt:\n  packages: [cowsay, fortune]\n"
    files = {"deployment.py": IMPORTS, "requirements.txt": f"# comment\n{requirement}\n", "ubiops.yaml": settings}
    version = make(files)
    first = version.bench.api.revisions_list(version.project, "d", "v1")[0]
    assert first.status == "building"
    assert version.bench.api.deployment_versions_get(version.project, "d", "v1").status == "building"
    assert revision(version).status == "success"
    value, prefix = version.result()
    assert value == "installed"
    assert Path(prefix).parent == Path(version.bench.backend.files.path("")).parent / "runtime" / "environments"
    texts = [text for _, text in build_log(version)]
    assert "Installing requirements.txt" in texts
    assert any("Using pip" in text for text in texts)
    assert any("does not install system packages; ubiops.yaml asks for cowsay, fortune" in text for text in texts)
    assert any(text.startswith("Installed the requirements with") for text in texts)
    # Another package with the same requirements needs no installation.
    again = make(files)
    assert again.result() == [value, prefix] if revision(again).status == "success" else None
    assert any("used again" in text for _, text in build_log(again))


def test_a_failed_installation_fails_the_build_and_quotes_the_installer(make: Make, tmp_path: Path) -> None:
    missing = f"tiny_requirement @ {(tmp_path / 'missing-1.0-py3-none-any.whl').as_uri()}"
    version = make({"deployment.py": CODE, "requirements.txt": missing})
    failed = revision(version)
    assert failed.status == "failed"
    assert "could not install the requirements" in failed.error_message
    assert "missing-1.0-py3-none-any.whl" in failed.error_message
    assert len(failed.error_message) <= 1024
    assert build_log(version)[-1][0] == "error"
    assert "missing-1.0" in "".join(text for _, text in build_log(version))
    assert "not available" in version.error()


def test_the_error_of_a_failed_installation_tells_no_secrets(make: Make, tmp_path: Path) -> None:
    # An installer may quote addresses with passwords in them.
    requirement = (tmp_path / "hunter2" / "nothing-1.0-py3-none-any.whl").as_uri()
    package = {"deployment.py": CODE, "requirements.txt": f"nothing @ {requirement}\n"}
    version = make(package, secrets={"KEY": "hunter2"})
    error = revision(version).error_message
    assert "nothing" in error
    assert "hunter2" not in error + str(version.entries())


def test_a_requirements_file_with_comments_alone_needs_no_installation(make: Make) -> None:
    version = make({"deployment.py": CODE, "requirements.txt": "# nothing\n\n"})
    assert version.result("a") == "a"


def test_requirements_are_not_installed_if_that_is_switched_off(bench: Any) -> None:
    with ubiops.emulator.start(build_seconds=(0, 0, 0), install=False) as emulator:
        version = type(bench)(emulator).version({"deployment.py": CODE, "requirements.txt": "nothing-of-this-name"})
        assert version.result("a") == "a"
        assert any("--no-install" in text for _, text in build_log(version))


def test_the_end_of_an_installation_is_not_before_the_planned_time(bench: Any, no_pythons: Path) -> None:
    other_python(no_pythons, "echo done")
    with ubiops.emulator.start(build_seconds=(10, 10, 10)) as emulator:
        emulator.clock.freeze()
        files = {"deployment.py": CODE, "requirements.txt": "anything"}
        version = type(bench)(emulator).version(files, environment=OTHER_NAME)
        api = version.bench.api

        def status() -> str:
            path = {"project_name": version.project, "deployment_name": "d", "version": "v1"}
            return str(api.builds_get(**path, build_id=api.revisions_list(**path)[0].id).status)

        assert status() == "queued"
        emulator.clock.advance(10)
        assert status() == "building"
        until(lambda: any("Installed" in text for _, text in build_log(version)) and not is_unfinished(version))
        assert status() == "building"
        emulator.clock.advance(10)
        assert status() == "validating"
        emulator.clock.advance(10)
        assert status() == "success"


def is_unfinished(version: Any) -> bool:
    with version.bench.backend.storage.reading() as db:
        found = db.execute("SELECT 1 FROM builds WHERE finished = ?", (builds.UNFINISHED,)).fetchone()
    return found is not None


class Hanging:
    """An interpreter whose pip says that it runs, and then never ends."""

    def __init__(self, folder: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(60)
        port = self._listener.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"
        other_python(folder, f'exec {sys.executable} -c "{code}"')

    def wait(self) -> None:
        """Waits until pip runs."""
        self._connection, _ = self._listener.accept()

    def close(self) -> None:
        """Lets pip end."""
        self._listener.close()
        self._connection.close()


@pytest.fixture
def hanging(no_pythons: Path) -> Iterator[Hanging]:
    hanging = Hanging(no_pythons)
    yield hanging
    hanging.close()


KILLED = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import ubiops.emulator
from conftest import Bench
emulator = ubiops.emulator.start(build_seconds=(0, 0, 0), data_dir=sys.argv[2])
files = {"deployment.py": sys.argv[3], "requirements.txt": "anything"}
Bench(emulator).version(files, environment=sys.argv[4])
time.sleep(600)
"""
HERE = Path(__file__).resolve().parent


def test_a_build_that_was_killed_is_taken_up_again(tmp_path: Path, no_pythons: Path, hanging: Hanging) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-c", KILLED, str(HERE), str(data), CODE, OTHER_NAME]
    environment = {"PYTHONPATH": str(HERE.parents[2]), "PATH": str(no_pythons)}
    with subprocess.Popen(command, env=environment) as process:
        try:
            hanging.wait()
        finally:
            process.send_signal(signal.SIGKILL)
    other_python(no_pythons, "echo no such package; exit 1")
    with ubiops.emulator.start(build_seconds=(0, 0, 0), data_dir=data) as emulator:
        api, project = emulator.api(), project_of(emulator)
        until(functools.partial(has_status, api, project, "failed"))
        assert "no such package" in api.revisions_list(project, "d", "v1")[0].error_message


def test_a_build_goes_on_after_the_emulator_was_stopped(bench: Any, tmp_path: Path, hanging: Hanging) -> None:
    files, data = {"deployment.py": CODE, "requirements.txt": "anything"}, tmp_path / "data"
    with ubiops.emulator.start(build_seconds=(0, 0, 0), data_dir=data) as emulator:
        version = type(bench)(emulator).version(files, environment=OTHER_NAME)
        hanging.wait()
        started = time.monotonic()
    assert time.monotonic() - started < 3
    # An emulator that runs no code has nothing to wait for.
    with ubiops.emulator.start(build_seconds=(0, 0, 0), data_dir=data, run_code=False) as emulator:
        assert emulator.api().revisions_list(version.project, "d", "v1")[0].status == "success"


def has_status(api: Any, project: str, expected: str) -> bool:
    return bool(api.revisions_list(project, "d", "v1")[0].status == expected)


def project_of(emulator: Any) -> str:
    with emulator._backend.storage.reading() as db:
        return str(db.execute("SELECT project FROM deployments").fetchone()[0])


class TestInstaller:
    def test_unfinished_environments_are_removed(self, tmp_path: Path) -> None:
        (tmp_path / "unfinished" / "bin").mkdir(parents=True)
        Installer(tmp_path)
        assert not list(tmp_path.iterdir())

    def test_a_stopped_installer_installs_nothing(self, tmp_path: Path) -> None:
        stopped = Installer(tmp_path)
        stopped.stop()
        with pytest.raises(InstallError, match="stopped"):
            stopped.install("a", sys.executable, log=print)

    def test_a_missing_interpreter_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(InstallError, match="could not be started"):
            installer.install("a", str(tmp_path / "python"), log=print, folder=tmp_path / "environments")

    @pytest.mark.parametrize(
        ("first", "second", "same"),
        [
            (("a\nb", "p", None), ("# c\n\na \n b", "p", {}), True),
            (("a", "p", None), ("b", "p", None), False),
            (("a", "p", None), ("a", "q", None), False),
            (("a", "p", None), ("a", "p", {"A": "1"}), False),
        ],
    )
    def test_environments_are_told_apart_by_what_matters(self, first: Any, second: Any, same: bool) -> None:
        assert (installer._key(*first) == installer._key(*second)) is same


@pytest.fixture(autouse=True)
def quiet_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes installations need no network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
