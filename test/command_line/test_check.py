"""``python -m ubiops check`` against an emulator. test/faults/test_check.py has the
failures of connections.
"""

from __future__ import annotations

from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator import Emulator

TOKEN = "s3cr3t-t0ken"


def steps(result: Any) -> dict[str, str]:
    """Returns the status of each step, and checks the exit status."""
    found = {step["name"]: step["status"] for step in result.json["steps"]}
    assert result.json["ok"] == (result.status == 0) == ("fail" not in found.values())
    return found


def test_all_is_well(run: Any, emulator: Emulator) -> None:
    result = run("check", UBIOPS_API_HOST=emulator.host, UBIOPS_API_TOKEN=emulator.token)
    assert (result.status, result.err) == (0, "")
    for line in (
        f"Checking {emulator.host}",
        "[ ok ] Settings host: environment variable UBIOPS_API_HOST, token: environment variable UBIOPS_API_TOKEN",
        "[ ok ] Host name 127.0.0.1 needs no lookup",
        "[ ok ] Connection without TLS, ",
        "[ ok ] API it responds at /v2.1",
        "[ ok ] Token it is accepted (environment variable UBIOPS_API_TOKEN)",
        "Everything works.",
    ):
        assert line in result.text
    assert "Project" not in result.text
    assert [line for line in result.out.splitlines() if len(line) > 80] == []


def test_the_project_is_checked_too(run: Any, emulator: Emulator, core_api: Any, project_name: str) -> None:
    core_api.deployments_create(project_name, {"name": "d", "input_type": "plain", "output_type": "plain"})
    arguments = ["check", "--host", emulator.host, "--project", project_name]
    result = run(*arguments, UBIOPS_API_TOKEN=TOKEN)
    assert result.status == 0
    assert f"[ ok ] Project {project_name} has 1 deployment" in result.text
    assert steps(run(*arguments, "--json", UBIOPS_API_TOKEN=TOKEN)) == {
        "Settings": "ok",
        "Host name": "ok",
        "Connection": "ok",
        "API": "ok",
        "Token": "ok",
        "Project": "ok",
    }


def test_warnings_do_not_fail_the_check(run: Any, emulator: Emulator) -> None:
    host = emulator.host.replace("/v2.1", "")
    result = run("check", "--host", host, UBIOPS_API_TOKEN=TOKEN)
    assert result.status == 0
    assert "[warn] Settings host: the address has no version; /v2.1 was appended" in result.text
    assert "Calls can succeed, with 1 warning." in result.text


def test_without_a_token_the_check_fails_and_says_where_to_get_one(run: Any, emulator: Emulator) -> None:
    result = run("check", "--host", emulator.host, "--project", "p")
    assert result.status == 1
    assert "[fail] Token no token is set Hint: create a token in the UbiOps web app and set" in result.text
    assert "[skip] Project not checked The check failed at this step: Token." in result.text


def test_a_token_that_is_not_accepted(run: Any) -> None:
    with ubiops.emulator.start(tokens=["another"]) as emulator:
        result = run("check", "--host", emulator.host, UBIOPS_API_TOKEN=TOKEN)
    assert result.status == 1
    assert "[fail] Token (401) Unauthorized: Invalid token Hint: the API token was not accepted" in result.text
    assert TOKEN not in result.out


def test_a_token_that_can_not_be_sent(run: Any, emulator: Emulator) -> None:
    result = run("check", "--json", "--host", emulator.host, UBIOPS_API_TOKEN=f"{TOKEN}\nmore")
    assert steps(result)["Settings"] == "fail"
    assert TOKEN not in result.out


def test_an_invalid_host_is_found_before_anything_is_sent(run: Any) -> None:
    result = run("check", "--host", "htps://api.example.com", UBIOPS_API_TOKEN=TOKEN)
    assert result.status == 1
    assert "Checking htps://api.example.com [fail] Settings host: host 'htps://api" in result.text
    assert result.out.count("[skip]") == 4


def test_a_wrong_version_in_the_host(run: Any, emulator: Emulator) -> None:
    host = emulator.host.replace("/v2.1", "/v3")
    result = run("check", "--host", host, UBIOPS_API_TOKEN=TOKEN)
    assert result.status == 1
    assert "[fail] API (404) Not Found: the API has no path /v3/status" in result.text
    assert "Hint: the host ends with 'v3', which is not a known version of the API: use v2.1 or v2" in result.text


def test_a_project_name_that_is_not_valid(run: Any, emulator: Emulator) -> None:
    result = run("check", "--json", "--host", emulator.host, "--project", "", UBIOPS_API_TOKEN=TOKEN)
    assert steps(result)["Project"] == "fail"


def test_an_emulator_that_does_not_run(run: Any) -> None:
    with ubiops.emulator.start() as emulator:
        pass
    result = run("check", "--host", emulator.host, UBIOPS_API_TOKEN=TOKEN)
    assert result.status == 1
    assert "[fail] Connection no connection to the server: Connection refused" in result.text
    assert "It is started by: python -m ubiops emulator" in result.text


@pytest.mark.parametrize("token", [TOKEN, f"Token Token {TOKEN}"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_token_is_never_shown(run: Any, emulator: Emulator, token: str, form: list[str]) -> None:
    result = run("check", *form, "--host", emulator.host, "--project", "p", UBIOPS_API_TOKEN=token)
    assert result.status == 0
    assert TOKEN not in result.out + result.err
