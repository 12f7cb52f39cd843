"""Scripts written for the official client run unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from populated import PopulatedProject

import ubiops
import ubiops.api
import ubiops.exceptions
import ubiops.models
import ubiops.utils

if TYPE_CHECKING:
    from pathlib import Path

    from ubiops.emulator import Clock, Emulator


def test_a_client_from_the_environment(
    emulator: Emulator, populated_project: PopulatedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UBIOPS_API_TOKEN", f"  {emulator.token}\n")
    monkeypatch.setenv("UBIOPS_API_HOST", f" {emulator.host}/ ")
    core_api = ubiops.CoreApi()
    api_response = core_api.deployments_get(populated_project.project_name, populated_project.deployment_name)
    core_api.api_client.close()
    assert api_response.name == populated_project.deployment_name


def test_a_client_from_a_configuration(emulator: Emulator, populated_project: PopulatedProject) -> None:
    configuration = ubiops.Configuration()
    configuration.api_key["Authorization"] = emulator.token
    configuration.host = emulator.host
    api_client = ubiops.ApiClient(configuration)
    api_client.user_agent = "some-program/1.0"
    api = ubiops.api.CoreApi(api_client=api_client)
    assert (
        api.deployments_list(project_name=populated_project.project_name)[0].name == populated_project.deployment_name
    )
    api_client.close()


def test_create_upload_wait(core_api: ubiops.CoreApi, project_name: str, package: bytes, tmp_path: Path) -> None:
    zip_path = tmp_path / "package.zip"
    zip_path.write_bytes(package)
    settings: dict[str, Any] = {"version": "v1", "environment": "python3-11", "instance_type_group_name": None}
    core_api.deployments_create(
        project_name=project_name,
        data=ubiops.DeploymentCreate(
            name="d",
            description=None,
            input_type="structured",
            output_type="structured",
            input_fields=[{"name": "input", "data_type": "int"}],
            output_fields=[{"name": "output", "data_type": "int"}],
        ),
    )
    core_api.deployment_versions_create(
        project_name=project_name, deployment_name="d", data=ubiops.models.DeploymentVersionCreate(**settings)
    )
    upload_response = core_api.revisions_file_upload(
        project_name=project_name, deployment_name="d", version="v1", file=str(zip_path)
    )
    ubiops.utils.wait_for_deployment_version(
        client=core_api.api_client,
        project_name=project_name,
        deployment_name="d",
        version="v1",
        revision_id=upload_response.revision,
        quiet=True,
    )
    assert core_api.deployment_versions_get(project_name, "d", "v1").status == "available"


def test_errors_have_the_names_of_the_official_client(core_api: ubiops.CoreApi, project_name: str) -> None:
    for name in ("ApiException", "OpenApiException", "UbiOpsException"):
        for module in (ubiops, ubiops.exceptions):
            with pytest.raises(getattr(module, name)):
                core_api.deployments_get(project_name, "missing")
    # The official client raises every error response as an ApiRequestError.
    with pytest.raises(ubiops.exceptions.ApiRequestError) as caught:
        core_api.deployments_get(project_name, "missing")
    assert caught.value.status == 404
    assert caught.value.reason == "Not Found"
    assert "Deployment was not found" in str(caught.value.body)


def test_a_failed_build_is_a_status_error(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject, emulator: Emulator
) -> None:
    from ubiops.utils.exceptions import StatusError
    from ubiops.utils.wait_for import wait_for_deployment_version

    names = populated_project.project_name, populated_project.deployment_name, populated_project.version
    upload = core_api.revisions_file_upload(*names, file=b"not a zip file")
    emulator.clock.advance(3600)
    for kind in (StatusError, ubiops.exceptions.UbiOpsException, ValueError):
        with pytest.raises(kind):
            wait_for_deployment_version(core_api.api_client, *names, upload.revision, quiet=True)


def test_a_wait_that_times_out_has_status_504(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject, package: bytes, stopped_clock: Clock
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.version
    upload = core_api.revisions_file_upload(*names, file=package)
    with pytest.raises(ubiops.ApiException) as caught:
        ubiops.utils.wait_for_revision(core_api.api_client, *names, upload.revision, timeout=0.001, quiet=True)
    assert caught.value.status == 504
