"""Deployments, from creation to deletion."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from populated import PopulatedProject

import ubiops

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

PLAIN = {"input_type": "plain", "output_type": "plain"}


def test_a_created_deployment_has_all_given_fields(core_api: ubiops.CoreApi, project_name: str) -> None:
    created = core_api.deployments_create(
        project_name,
        ubiops.DeploymentCreate(
            name="forecast",
            description="Says whether it will rain",
            input_type="structured",
            output_type="structured",
            input_fields=[
                ubiops.DeploymentInputFieldCreate(
                    name="humidity",
                    data_type="double",
                    widget=ubiops.InputFieldWidgetCreate(
                        type="slider", configuration={"min": 0, "max": 1.5, "steps": [1, 2]}
                    ),
                ),
                {"name": "place", "data_type": "string"},
            ],
            output_fields=[ubiops.DeploymentOutputFieldCreate(name="rain", data_type="bool")],
            labels={"team": "weather"},
        ),
    )
    found = core_api.deployments_get(project_name, "forecast")
    assert found.id == created.id
    assert found.project == project_name
    assert found.description == "Says whether it will rain"
    assert [(field.name, field.data_type) for field in found.input_fields] == [
        ("humidity", "double"),
        ("place", "string"),
    ]
    widget = found.input_fields[0].widget
    assert widget is not None
    assert (widget.type, widget.configuration) == ("slider", {"min": 0, "max": 1.5, "steps": [1, 2]})
    assert found.output_fields[0].name == "rain"
    assert found.labels == {"team": "weather"}
    assert isinstance(found.creation_date, datetime)
    assert found.creation_date.tzinfo == timezone.utc
    assert [deployment.name for deployment in core_api.deployments_list(project_name)] == ["forecast"]


def test_a_name_is_unique_in_its_project(core_api: ubiops.CoreApi, project_name: str) -> None:
    data = ubiops.DeploymentCreate(name="forecast", **PLAIN)
    core_api.deployments_create(project_name, data)
    with pytest.raises((ubiops.BadRequestError, ubiops.ConflictError)):
        core_api.deployments_create(project_name, data)
    assert core_api.deployments_create(f"{project_name}-other", data).name == "forecast"


def test_objects_are_filtered_by_label(core_api: ubiops.CoreApi, project_name: str) -> None:
    for name, labels in {"one": {"a": "1"}, "two": {"a": "2", "b": "1"}, "three": {}}.items():
        core_api.deployments_create(project_name, {"name": name, "labels": labels, **PLAIN})

    def selected(labels: str | None) -> set[str]:
        return {deployment.name for deployment in core_api.deployments_list(project_name, labels=labels)}

    assert selected(None) == {"one", "two", "three"}
    assert selected("a:1") == {"one"}
    assert selected("a:1,b:1") == {"one", "two"}
    assert selected("a:3") == set()


def test_an_update_changes_the_given_fields(core_api: ubiops.CoreApi, project_name: str, deployment_name: str) -> None:
    core_api.deployments_update(project_name, deployment_name, {"description": "First", "labels": {"a": "1", "b": "2"}})
    updated = core_api.deployments_update(
        project_name, deployment_name, ubiops.DeploymentUpdate(description=None, labels={"c": "3"})
    )
    assert updated.description == "First"
    assert updated.labels == {"c": "3"}


def test_a_new_name_replaces_the_old_one(core_api: ubiops.CoreApi, project_name: str, deployment_name: str) -> None:
    core_api.deployments_update(project_name, deployment_name, ubiops.DeploymentUpdate(name="renamed"))
    assert core_api.deployments_get(project_name, "renamed").name == "renamed"
    with pytest.raises(ubiops.NotFoundError):
        core_api.deployments_get(project_name, deployment_name)


def test_only_an_available_version_becomes_the_default(
    core_api: ubiops.CoreApi, emulator: Emulator, populated_project: PopulatedProject, package: bytes
) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    assert core_api.deployments_get(*names).default_version == populated_project.version
    with pytest.raises(ubiops.BadRequestError, match="Default cannot be set to an unavailable version"):
        core_api.deployments_update(*names, ubiops.DeploymentUpdate(default_version=populated_project.other_version))
    core_api.revisions_file_upload(*names, populated_project.other_version, file=package)
    emulator.clock.advance(3600)
    updated = core_api.deployments_update(
        *names, ubiops.DeploymentUpdate(default_version=populated_project.other_version)
    )
    assert updated.default_version == populated_project.other_version
    assert core_api.deployment_versions_get(*names, populated_project.other_version).default is True


def test_deletion_removes_everything_that_belongs_to_the_object(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject
) -> None:
    core_api.deployments_delete(populated_project.project_name, populated_project.deployment_name)
    assert core_api.deployments_list(populated_project.project_name) == []
    core_api.deployments_create(populated_project.project_name, {"name": populated_project.deployment_name, **PLAIN})
    assert core_api.deployment_versions_list(populated_project.project_name, populated_project.deployment_name) == []
    variables = core_api.deployment_environment_variables_list(
        populated_project.project_name, populated_project.deployment_name
    )
    # Those of the project are still inherited.
    assert {one.inheritance_type for one in variables} == {"project"}


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "%2e%2e", "a b", "ä", "a?b=c", "a#b", "...", "a;b", "a\\b"])
def test_no_name_escapes_its_path_segment(
    core_api: ubiops.CoreApi, project_name: str, deployment_name: str, name: str
) -> None:
    with pytest.raises(ubiops.NotFoundError, match="Deployment was not found"):
        core_api.deployments_get(project_name, name)
    with pytest.raises(ubiops.ApiException):
        core_api.deployments_get(f"{project_name}/deployments/{deployment_name}", name)
    assert core_api.deployments_get(project_name, deployment_name).name == deployment_name


def test_a_body_that_the_platform_rejects_is_a_bad_request(core_api: ubiops.CoreApi, project_name: str) -> None:
    core_api.api_client.configuration.client_side_validation = False
    with pytest.raises(ubiops.BadRequestError) as caught:
        core_api.deployments_create(project_name, {"name": "x" * 65, **PLAIN})
    assert caught.value.get_body_message()
    assert caught.value.method == "POST"
