"""``python -m ubiops.emulator``: its options, its output, and how it stops."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ubiops.emulator.__main__ import _is_loopback, main

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs the command; yields the process and what it prints until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ubiops.emulator", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            greeting = ""
            for line in process.stdout:
                greeting += line
                if "Ctrl-C to stop it" in line:
                    break
            yield process, greeting
        finally:
            process.terminate()


def client(api: Any, greeting: str) -> Any:
    host, token = (re.search(rf'export {name}="(.+)"', greeting) for name in ("UBIOPS_API_HOST", "UBIOPS_API_TOKEN"))
    assert host
    assert token
    return type(api)(type("Running", (), {"host": host[1], "token": token[1]})())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_prints_how_to_use_it_and_stops_cleanly(api: Any, tmp_path: Path, number: signal.Signals) -> None:
    with running(TMPDIR=str(tmp_path)) as (process, greeting):
        assert client(api, greeting).ok("GET", "/template-deployments")
        assert "It accepts any token" in greeting
        assert "--data-dir to keep it" in greeting
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")
    assert list(tmp_path.iterdir()) == []


def test_the_command_stops_cleanly_when_its_output_is_closed() -> None:
    with running() as (process, _):
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 0


def test_the_printed_python_code_runs(tmp_path: Path) -> None:
    with running() as (_, greeting):
        script = re.search(r"or from Python:\n\n(.*?)\n\n\S", greeting, re.DOTALL)
        assert script
        code = re.sub("^    ", "", script[1], flags=re.MULTILINE)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_all_options_take_effect(api: Any, tmp_path: Path, good: bytes) -> None:
    arguments = ["--data-dir", str(tmp_path / "data"), "--token", "one", "--token", "two", "--rate-limit", "100"]
    arguments += ["--project-variable", "project-1:A=b=c", "--build-seconds", "0", "0", "0", "--verbose"]
    arguments += ["--maximum-file-size", "1000"]
    with running(*arguments) as (process, greeting):
        assert "It accepts the given tokens" in greeting
        assert f"The state is kept in {tmp_path / 'data'}" in greeting
        user = client(api, greeting)
        user.fails(401, "GET", "/template-deployments", token="Token three")
        version = user.version(user.deployment())
        user.upload(version, good)
        assert user.ok("GET", version)["status"] == "available"
        large = {"file": ("package.zip", b"0" * 1001)}
        assert "larger than 1,000 bytes" in user.fails(413, "POST", f"{version}/revisions", fields=large)
        variables = user.ok("GET", f"{version}/environment-variables", token="Token two")
        assert [(one["name"], one["value"]) for one in variables] == [("A", "b=c")]
        assert user.send("GET", version).headers["x-ratelimit-limit"] == "100"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert '"POST /v2.1/projects/project-1/deployments HTTP/1.1" 201' in err
    assert "Token" not in err
    assert (tmp_path / "data" / "emulator.sqlite3").exists()


def test_a_folder_in_use_is_reported_in_one_line(data_dir: Path) -> None:
    with running("--data-dir", str(data_dir)), running("--data-dir", str(data_dir)) as (second, greeting):
        _, err = second.communicate(timeout=60)
    assert (second.returncode, greeting) == (1, "")
    assert "in use by another emulator" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--project-variable", "p:A1=1"], "environment variable 'A1' is invalid"),
        (["--rate-limit", "0"], "rate_limit must be a positive integer"),
        (["--host", "192.0.2.1"], "can't listen on 192.0.2.1 port 0"),
        (["--maximum-file-size", "0"], "maximum_file_size must be a positive integer"),
        (["--data-dir", ""], "data_dir is empty"),
        (["--port", "99999"], "port must be an integer from 0 to 65535, got 99999"),
        (["--token", ""], "tokens must be one or more tokens"),
    ],
)
def test_invalid_arguments_are_reported(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    handlers = [signal.getsignal(number) for number in numbers]
    try:
        assert main(arguments) == 1
    finally:
        for number, handler in zip(numbers, handlers):
            signal.signal(number, handler)
    assert reason in capsys.readouterr().err


def test_a_malformed_variable_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--project-variable", "A=1"])
    assert "'A=1' does not have the form PROJECT:NAME=VALUE" in capsys.readouterr().err


def test_an_address_that_others_can_reach_causes_a_warning() -> None:
    with running("--host", "0.0.0.0") as (_, greeting):  # noqa: S104
        assert "Everyone who can reach 0.0.0.0 can use it." in greeting


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("127.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.0.2.1", False),
        ("", False),
    ],
)
def test_only_loopback_addresses_cause_no_warning(host: str, loopback: bool) -> None:
    assert _is_loopback(host) is loopback


def test_the_help_lists_all_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for option in (
        "--host",
        "--port",
        "--data-dir",
        "--token",
        "--project-variable",
        "--rate-limit",
        "--build-seconds",
        "--maximum-file-size",
        "--verbose",
    ):
        assert option in shown
