"""What the scripts print with each client, and the public names of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from . import cli as command_line_program
from .cli import Session
from .clients import CLIENTS, HERE, THIS, result, started


def populate(host: str) -> None:
    """Creates what the scripts expect: two deployments, the first of them built."""
    import ubiops

    configuration = ubiops.Configuration(host=host, api_key={"Authorization": "Token example"}, proxy="")
    with ubiops.CoreApi(ubiops.ApiClient(configuration)) as api:
        for name in ("deployment-1", "deployment-2"):
            api.deployments_create("project-1", {"name": name, "input_type": "plain", "output_type": "plain"})
            api.deployment_versions_create("project-1", name, {"version": "v1", "environment": "python3-11"})
        api.revisions_file_upload("project-1", "deployment-1", "v1", file="deployment_package.zip")


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory, package: bytes) -> dict[str, dict[str, str]]:
    """What each script prints, by client and script. The clients run at the same time,
    each with an emulator and a working directory of its own.
    """
    import ubiops.emulator

    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        processes = {}
        for client in CLIENTS:
            away = tmp_path_factory.mktemp("away")
            (away / "deployment_package.zip").write_bytes(package)
            emulator = stack.enter_context(ubiops.emulator.start(build_seconds=(0, 0, 0)))
            patch.chdir(away)
            populate(emulator.host)
            arguments: tuple[str | Path, ...] = (HERE / "run_scripts.py", HERE / "scripts", away)
            processes[client] = stack.enter_context(started(client, *arguments, host=emulator.host))
        return {client: result(process) for client, process in processes.items()}


@pytest.fixture(scope="session")
def names() -> dict[str, dict[str, Any]]:
    """The public names of each client."""
    with ExitStack() as stack:
        arguments = (HERE / "introspect.py",)
        processes = {
            client: stack.enter_context(started(client, *arguments, host="http://127.0.0.1:9")) for client in CLIENTS
        }
        return {client: result(process) for client, process in processes.items()}


@pytest.fixture(scope="session", params=[THIS, "4.15.0"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """ubiops-cli, signed in, on this library and on the official client it pins."""
    import ubiops.emulator

    folder = command_line_program.prepare()
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as emulator:
        running = Session(folder, tmp_path_factory.mktemp("cli"), request.param, emulator)
        try:
            running.populate()
            yield running
            running.cli("signout")
        finally:
            running.cli.stop()
