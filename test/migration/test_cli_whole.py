"""No command of ubiops-cli was left out by the modules before this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cli import Session


def test_every_command_was_run(request: pytest.FixtureRequest, session: Session) -> None:
    modules = {path.name for path in Path(__file__).parent.glob("test_cli*.py")}
    tests = request.session.items
    if not modules <= {item.path.name for item in tests} or any(
        "-k" in one for one in request.config.invocation_params.args
    ):
        pytest.skip("not all tests of ubiops-cli are run")
    assert len(session.cli.commands) == 133
    assert session.cli.commands - session.cli.ran == set()
