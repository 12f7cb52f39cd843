"""A project with something of everything in it, for tests of all methods through the SDK against the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ubiops
    from ubiops.emulator import Clock, Emulator

PLAIN = {"input_type": "plain", "output_type": "plain"}


class Project(NamedTuple):
    """A deployment of two versions, the first of which is built, with a variable at each level."""

    project_name: str
    deployment_name: str
    version: str
    other_version: str
    revision_id: str
    build_id: str
    variable_of_deployment: str
    variable_of_version: str
    template_deployment_id: str


@pytest.fixture
def stopped_clock(emulator: Emulator) -> Iterator[Clock]:
    """The emulator's clock, which runs only when the test moves it."""
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
def revision_id(
    core_api: ubiops.CoreApi, emulator: Emulator, project_name: str, deployment_name: str, version: str, package: bytes
) -> str:
    """A revision of that version, whose build has succeeded."""
    uploaded = core_api.revisions_file_upload(project_name, deployment_name, version, file=package)
    emulator.clock.advance(3600)
    return uploaded.revision


@pytest.fixture
def project(core_api: ubiops.CoreApi, project_name: str, deployment_name: str, version: str, revision_id: str) -> Any:
    """All of it."""
    api, variable = core_api, {"name": "LANGUAGE", "value": "en", "secret": False}
    api.deployment_versions_create(project_name, deployment_name, {"version": "v2"})
    of_deployment = api.deployment_environment_variables_create(project_name, deployment_name, variable)
    of_version = api.deployment_version_environment_variables_create(project_name, deployment_name, version, variable)
    return Project(
        project_name,
        deployment_name,
        version,
        "v2",
        revision_id,
        revision_id,
        of_deployment.id,
        of_version.id,
        api.template_deployments_list()[0].id,
    )
