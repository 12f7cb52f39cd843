"""``python -m ubiops.emulator``: its options, its output, and how it stops."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ubiops
from ubiops._cli.main import main as ubiops_main
from ubiops.emulator import __main__ as command
from ubiops.emulator.__main__ import main
from ubiops.emulator.guard import is_loopback

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def running(
    *arguments: str, command: tuple[str, ...] = ("ubiops.emulator",), **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs the command; yields the process and what it prints until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command, *arguments],
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
        assert "It accepts only the given tokens" in greeting
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


def test_the_token_may_be_a_variable_of_the_environment(api: Any) -> None:
    with running(UBIOPS_EMULATOR_TOKEN="Token secret") as (_, greeting):
        assert "It accepts only the given tokens" in greeting
        user = client(api, greeting)
        assert user.emulator.token == "Token secret"
        user.fails(401, "GET", "/template-deployments", token="Token other")
    with running("--token", "one", UBIOPS_EMULATOR_TOKEN="two") as (_, greeting):
        client(api, greeting).fails(401, "GET", "/template-deployments", token="Token two")


def test_a_host_can_be_allowed(api: Any) -> None:
    with running("--allowed-host", "emulator", "--allowed-host", "other") as (_, greeting):
        user = client(api, greeting)
        for host, status in (("emulator", 200), ("other:80", 200), ("evil.example", 403)):
            response = user.pool.request("GET", user.origin + "/", headers={"Host": host})
            assert response.status == status


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
        (["--host", "192.0.2.1"], "could not be started: can't listen on 192.0.2.1 port 8421: Cannot assign"),
        (["--host", "192.0.2.1", "--port", "0"], "could not be started: can't listen on 192.0.2.1 port 0: Cannot"),
        (["--maximum-file-size", "0"], "maximum_file_size must be a positive integer"),
        (["--data-dir", ""], "data_dir is empty"),
        (["--port", "99999"], "port must be an integer from 0 to 65535, got 99999"),
        (["--allowed-host", "http://a"], "is not a host: give its name, without http:// and port"),
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
    with running("--host", "0.0.0.0", "--no-run") as (_, greeting):  # noqa: S104
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
    assert is_loopback(host) is loopback


def test_the_help_lists_all_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for option in (
        "--host",
        "--port",
        "--data-dir",
        "--token",
        "--allowed-host",
        "--project-variable",
        "--rate-limit",
        "--build-seconds",
        "--maximum-file-size",
        "--verbose",
        "--version",
    ):
        assert option in shown


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"ubiops {ubiops.__version__}\n"


@contextmanager
def occupied() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with occupied() as port, running("--port", str(port)) as (process, greeting):
        _, err = process.communicate(timeout=60)
    assert (process.returncode, greeting) == (1, "")
    reason = f"can't listen on 127.0.0.1 port {port}: Address already in use"
    assert err == f"The emulator could not be started: {reason}; choose another --port, or leave it out\n"


def test_the_default_port_is_always_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with occupied() as port:
        pass
    monkeypatch.setattr(command, "DEFAULT_PORT", port)
    for _ in range(2):
        assert run_until_ready([], monkeypatch) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"The UbiOps emulator is listening on http://127.0.0.1:{port}/v2.1\n")


def test_a_free_port_takes_the_place_of_the_default_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with occupied() as port:
        monkeypatch.setattr(command, "DEFAULT_PORT", port)
        assert run_until_ready([], monkeypatch) == 0
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert first == f"Port {port} is in use, so this emulator uses a free one."
    assert re.fullmatch(r"The UbiOps emulator is listening on http://127\.0\.0\.1:\d+/v2\.1", second)
    assert f":{port}/" not in second


def run_until_ready(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs the command in this process, and stops it as soon as it waits."""
    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(command, "threading", SimpleNamespace(Event=lambda: stop))
    monkeypatch.setattr(command, "_stopping_signals", list)
    return main(arguments)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with running("--data-dir", str(tmp_path)) as (process, greeting):
        _, err = process.communicate(timeout=60)
    assert (process.returncode, greeting, err.count("\n")) == (1, "", 1)
    assert "is not empty and holds no state of an emulator" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_ubiops_runs_the_emulator_too(api: Any) -> None:
    with running("--token", "one", command=("ubiops", "emulator")) as (process, greeting):
        assert client(api, greeting).ok("GET", "/template-deployments")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")


def test_the_help_of_the_command_ubiops_names_that_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ubiops_main(["emulator", "--help"])
    assert capsys.readouterr().out.startswith("usage: python -m ubiops emulator [-h]")


@pytest.mark.parametrize("arguments", [("ubiops", "emulator"), ("ubiops.emulator",)])
def test_a_missing_extra_is_reported_in_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('No module named uvicorn', name='uvicorn')\n")
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    missing = "the emulator needs uvicorn, which is not installed: pip install 'ubiops[emulator]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", missing)
