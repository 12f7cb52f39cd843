"""Programs that were written for either official client run unchanged: against the
contract server, which accepts only what the description allows, all clients print the
same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from contract.server import ContractServer

from .clients import HERE, THIS, result, started

SCRIPTS = HERE / "contract_scripts"
# Each official client, and the generation of the API that it is made for.
PAIRS = (("4.8.0", "v2.1"), ("4.15.0", "v2"))
Printed = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, package: bytes) -> Iterator[Printed]:
    """What each script prints, by client and generation."""
    with ExitStack() as stack, ContractServer(official=True) as server:
        processes: dict[tuple[str, str], Any] = {}
        for official, generation in PAIRS:
            for client in (official, THIS):
                away = tmp_path_factory.mktemp("away")
                (away / "deployment_package.zip").write_bytes(package)
                arguments: tuple[str | Path, ...] = (HERE / "run_scripts.py", SCRIPTS, away)
                running = started(client, *arguments, host=server.host(generation))
                processes[client, generation] = stack.enter_context(running)
        yield {key: result(process) for key, process in processes.items()}


@pytest.mark.parametrize("script", sorted(path.stem for path in SCRIPTS.glob("*.py")))
@pytest.mark.parametrize(("official", "generation"), PAIRS)
def test_all_clients_print_the_same(official: str, generation: str, script: str, printed: Printed) -> None:
    theirs, ours = printed[official, generation][script], printed[THIS, generation][script]
    assert len(theirs.splitlines()) >= 5, theirs
    assert not theirs.splitlines()[-1].startswith(("ApiRequestError", "ApiValueError", "ValueError")), theirs
    assert ours == theirs
