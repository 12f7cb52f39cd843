"""Projects to work in, for tests of the SDK against the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from populated import PLAIN, PopulatedProject, populate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ubiops
    from ubiops.emulator import Clock, Emulator


@pytest.fixture
def stopped_clock(emulator: Emulator) -> Iterator[Clock]:
    """The emulator's clock, which runs only when the test advances it."""
    emulator.clock.freeze()
    yield emulator.clock
    emulator.clock.resume()


@pytest.fixture
def deployment_name(core_api: ubiops.CoreApi, project_name: str) -> str:
    """A deployment without versions."""
    created = core_api.deployments_create(project_name, {"name": "deployment-1", **PLAIN})
    return created.name


@pytest.fixture
def version(core_api: ubiops.CoreApi, project_name: str, deployment_name: str) -> str:
    """A version without code."""
    created = core_api.deployment_versions_create(project_name, deployment_name, {"version": "v1"})
    return created.version


@pytest.fixture
def populated_project(
    core_api: ubiops.CoreApi, emulator: Emulator, project_name: str, package: bytes
) -> PopulatedProject:
    """A project with an object of every kind."""
    return populate(core_api, emulator, project_name, package)
