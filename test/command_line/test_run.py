"""``python -m ubiops run``: input, output and exit status."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

CODE = """
import os

class Deployment:
    def request(self, data, context):
        print("from the code")
        context["streaming_update"]("half")
        if data == "fail":
            raise ValueError("the real cause")
        return {"data": data, "variable": os.environ.get("STATION")}
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "deployment.py").write_text(CODE)
    return str(tmp_path)


def test_the_result_is_printed_as_json(run: Any, folder: str) -> None:
    result = run("run", folder, "--data", '{"a": 1}', "--env", "STATION=Delft")
    assert result.status == 0
    assert result.json == {"data": {"a": 1}, "variable": "Delft"}
    assert result.err == "from the code\n"


def test_a_list_has_several_results(run: Any, folder: str) -> None:
    assert [one["data"] for one in run("run", folder, "--data", "[1, 2]").json] == [1, 2]


def test_the_input_may_be_in_a_file(run: Any, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "input.json"
    file.write_text('"text"')
    assert run("run", folder, "-f", str(file)).json["data"] == "text"
    assert run("run", folder, "--plain", "-f", str(file)).json["data"] == '"text"'
    monkeypatch.setattr("sys.stdin", io.StringIO("5"))
    assert run("run", folder, "--file", "-").json["data"] == 5


def test_partial_results_are_printed_if_they_are_wanted(run: Any, folder: str) -> None:
    assert run("run", folder, "--data", "1", "--stream").out.startswith("half\n{")


def test_plain_results_are_printed_as_they_are(run: Any, tmp_path: Path) -> None:
    (tmp_path / "deployment.py").write_text("class Deployment:\n    def request(self, data):\n        return data\n")
    assert run("run", str(tmp_path), "--plain", "--data", "a text").out == "a text\n"
    assert run("run", str(tmp_path), "--data", '"a text"').out == '"a text"\n'


def test_a_failing_run_has_a_failing_status(run: Any, folder: str) -> None:
    result = run("run", folder, "--plain", "--data", "fail")
    assert (result.status, result.out) == (1, "")
    assert "ValueError: the real cause" in result.err
    assert "deployment.py" in result.err
    assert result.err.splitlines()[-1].startswith("The run failed: ")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--data", "{"], 2, "the input is not JSON"),
        (["-f", "missing.json"], 2, "the file with the input can't be read"),
        (["--data", "1", "--env", "STATION"], 2, "--env takes NAME=VALUE, got 'STATION'"),
        ([], 2, "one of the arguments --data -f/--file is required"),
    ],
)
def test_arguments_are_checked(run: Any, folder: str, arguments: list[str], status: int, message: str) -> None:
    result = run("run", folder, *arguments)
    assert (result.status, result.out) == (status, "")
    assert message in result.err


def test_a_missing_folder_is_a_failure(run: Any, tmp_path: Path) -> None:
    result = run("run", str(tmp_path / "missing"), "--data", "1")
    assert result.status == 1
    assert "there is no folder" in result.err
