"""The state that code in README and docs expects.

There is a deployment whose versions are built, and a package in the working directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from scripted import ZIP_START

from .reference import example_files, read_api, running

if TYPE_CHECKING:
    import ubiops
    from generator.ir_api import Api
    from ubiops.emulator import Emulator

PROJECT, DEPLOYMENT, VERSIONS = "project-1", "deployment-1", ("v1", "v2")


class DocsProject(NamedTuple):
    """Ids that the emulator assigned; pages show made-up ones."""

    revision_id: str
    build_id: str
    variable_of_deployment: str
    variable_of_version: str
    template_deployment_id: str


@pytest.fixture(scope="session")
def docs_emulator() -> Iterator[Emulator]:
    """An emulator of its own: all pages use the same project.

    It installs nothing, so that the pages need no network.
    """
    import ubiops.emulator

    with ubiops.emulator.start(install=False) as running:
        yield running


@pytest.fixture(scope="session")
def reference_api() -> Api:
    """The description, of which the reference is made."""
    return read_api()


@pytest.fixture(scope="session")
def reference_host(reference_api: Api) -> Iterator[str]:
    """The address of a server that responds with the examples of the description."""
    with running(reference_api) as host:
        yield host


@pytest.fixture
def reference_namespace(
    reference_api: Api, reference_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_environment: None
) -> Iterator[dict[str, Any]]:
    """What the code of the reference assumes: `ubiops`, `core_api`, and the files that
    it sends.
    """
    import ubiops

    monkeypatch.chdir(tmp_path)
    for name in example_files(reference_api):
        Path(name).write_bytes(ZIP_START + b"content")
    monkeypatch.setenv("UBIOPS_API_HOST", f"{reference_host}/v2.1")
    monkeypatch.setenv("UBIOPS_API_TOKEN", "Token example")
    with ubiops.CoreApi() as core_api:
        yield {"__name__": "__main__", "ubiops": ubiops, "core_api": core_api}


@pytest.fixture
def docs_project(
    docs_emulator: Emulator, package: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_environment: None
) -> DocsProject:
    """Prepares the variables, the working directory and the project for a page."""
    import ubiops

    monkeypatch.setenv("UBIOPS_API_HOST", docs_emulator.host)
    monkeypatch.setenv("UBIOPS_API_TOKEN", docs_emulator.token)
    monkeypatch.chdir(tmp_path)
    Path("deployment_package.zip").write_bytes(package)
    docs_emulator.reset()
    with ubiops.CoreApi() as api:
        return build_project(api, docs_emulator, package)


def build_project(api: ubiops.CoreApi, emulator: Emulator, package: bytes) -> DocsProject:
    fields = [{"name": "text", "data_type": "string"}]
    api.deployments_create(
        PROJECT,
        {
            "name": DEPLOYMENT,
            "input_type": "structured",
            "output_type": "structured",
            "input_fields": fields,
            "output_fields": fields,
        },
    )
    uploads = []
    for version in VERSIONS:
        api.deployment_versions_create(PROJECT, DEPLOYMENT, {"version": version, "environment": "python3-11"})
        uploads.append(api.revisions_file_upload(PROJECT, DEPLOYMENT, version, file=package))
    emulator.clock.advance(3600)
    variable = {"name": "MODEL_NAME", "value": "small", "secret": False}
    of_deployment = api.deployment_environment_variables_create(PROJECT, DEPLOYMENT, variable)
    of_version = api.deployment_version_environment_variables_create(PROJECT, DEPLOYMENT, VERSIONS[0], variable)
    return DocsProject(
        revision_id=uploads[0].revision,
        build_id=uploads[0].build,
        variable_of_deployment=of_deployment.id,
        variable_of_version=of_version.id,
        template_deployment_id=api.template_deployments_list()[0].id,
    )
