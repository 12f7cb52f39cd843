"""Runs the command in this process, in an environment with nothing of this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from ubiops._cli.main import main


class Result(NamedTuple):
    """What a run of the command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """The output without line breaks and indentation."""
        return " ".join(self.out.split())


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with these arguments and environment variables."""
    for name in os.environ:
        if name.startswith("UBIOPS") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)

    def run_command(*arguments: str, **environment: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                status = main(list(arguments))
            except SystemExit as error:
                status = int(str(error.code))
        return Result(status, *capsys.readouterr())

    return run_command
