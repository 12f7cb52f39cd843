"""The command-line program ubiops-cli of the platform, with this library in place of
the official client that it pins, or with that.

It keeps its settings, the token among them, in its own folder of site-packages, so one
test session at a time uses it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from environments import ROOT, create_environment

from .clients import HERE, PLACE, THIS, variables
from .clients import prepare as prepare_client

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

CLI = "2.32.0"
_OPTIONS = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:")
_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
_REQUIREMENTS = "import importlib.metadata as m, json; print(json.dumps(m.requires('ubiops-cli')))"


def prepare() -> Path:
    """Creates the environment of the program unless it exists; returns its folder."""
    folder = PLACE / f"ubiops-cli-{CLI}-python{sys.version_info.major}.{sys.version_info.minor}"
    stamp = folder / "installed"
    if not stamp.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        python = create_environment(folder)
        _run(python, "-m", "pip", "install", *_OPTIONS, "--no-deps", f"ubiops-cli=={CLI}")
        needed = [one for one in json.loads(_run(python, "-c", _REQUIREMENTS)) if not one.startswith("ubiops=")]
        setup = (ROOT / "setup.py").read_text(encoding="utf-8")
        # Ignore files need the extra "packages".
        for pattern in (r"install_requires=\[(.*?)\]", r'"packages": \[(.*?)\]'):
            ours = re.search(pattern, setup, re.DOTALL)
            assert ours is not None
            needed += re.findall(r'"([^"]+)"', ours[1])
        _run(python, "-m", "pip", "install", *_OPTIONS, *needed)
        stamp.write_text(str(python), encoding="utf-8")
    return folder


def _run(*command: Any) -> str:
    environment = {name: value for name, value in variables(THIS).items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    if done.returncode:
        pytest.fail(f"ubiops-cli=={CLI} could not be installed:\n{done.stderr}")
    return done.stdout


@dataclass
class Done:
    """What a command printed."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.output)


class Program:
    """The program in a working directory. Its commands share a process.

    Args:
        folder: Its environment.
        work: The working directory.
        client: The client that it uses: this library or an official one.
    """

    def __init__(self, folder: Path, work: Path, client: str) -> None:
        self.work = work
        self.ran: set[str] = set()
        python = (folder / "installed").read_text(encoding="utf-8")
        environment = {**variables(client, "http://127.0.0.1:9"), "COLUMNS": "200"}
        if client != THIS:
            environment["PYTHONPATH"] = _run(prepare_client(client), "-c", _PACKAGES).strip()
        self._process = subprocess.Popen(
            [python, str(HERE / "run_commands.py")],
            cwd=work,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.commands = frozenset(self._read())

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process of ubiops-cli ended"
        return json.loads(line)

    def __call__(self, *arguments: Any, code: int = 0) -> Done:
        """Runs a command, which must end with this exit code."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(one) for one in arguments]) + "\n")
        self._process.stdin.flush()
        done = self._read()
        self.ran.add(done.pop("command"))
        assert done["code"] == code, f"{arguments}: {done['output']}\n{done['errors']}"
        return Done(**done)

    def refuses(self, *arguments: Any) -> str:
        """Runs a command, which must fail, and returns what it prints."""
        done = self(*arguments, code=1)
        return done.output + done.errors

    def stop(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()


CODE = """import os

class Deployment:
    def request(self, data, context):
        print("counting", data["text"])
        if data["text"] == "twice":
            context["streaming_update"]("one")
            context["streaming_update"]("two")
        return {"words": len(data["text"].split()), "language": os.environ.get("LANGUAGE", "")}
"""
FIELDS = """
input_type: structured
input_fields:
  - name: text
    data_type: string
output_type: structured
output_fields:
  - name: words
    data_type: int
  - name: language
    data_type: string
"""


class Session:
    """The program, and the emulator that it is signed in to.

    Args:
        folder: The environment of the program.
        work: Its working directory.
        client: The client that it uses.
        emulator: The emulator.
    """

    def __init__(self, folder: Path, work: Path, client: str, emulator: Emulator) -> None:
        self.cli = Program(folder, work, client)
        self.work = work
        self.client = client
        self.emulator = emulator
        self.token = emulator.configuration().api_key["Authorization"]
        self.address = emulator.host.replace("/v2.1", "/v2")

    def file(self, name: str, text: str) -> str:
        """Writes a file into the working directory, and returns its name."""
        path = self.work / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")
        return name

    def read(self, name: str) -> str:
        """Reads a file of the working directory."""
        return (self.work / name).read_text(encoding="utf-8")

    def wait(self, condition: Callable[[], object], seconds: float = 30) -> None:
        """Waits until a condition is met."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)

    def populate(self) -> None:
        """Signs in, and creates a project with a deployment that is built."""
        self.file("code/deployment.py", CODE)
        self.file("deployment.yaml", "deployment_name: word-count" + FIELDS)
        self.cli("signin", "--token", "-p", self.token, "--api", self.address)
        self.cli("projects", "create", "texts")
        self.cli("deployments", "create", "-f", "deployment.yaml")
        options = ("-v", "v1", "-min", 0, "-max", 2, "-rtm", "full")
        self.cli("deployments", "deploy", "word-count", "-dir", "code", *options)
        assert "Status: success" in self.cli("versions", "wait", "v1", "-d", "word-count").output
