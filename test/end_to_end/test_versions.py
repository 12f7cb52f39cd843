"""Versions, from creation to deletion."""

from __future__ import annotations

import pytest
from populated import PopulatedProject

import ubiops


def test_a_new_version_has_the_default_settings(
    core_api: ubiops.CoreApi, project_name: str, deployment_name: str
) -> None:
    version = core_api.deployment_versions_create(
        project_name, deployment_name, ubiops.DeploymentVersionCreate(version="v1", environment="python3-11")
    )
    given = version.to_dict()
    expected = {
        "deployment": deployment_name,
        "version": "v1",
        "environment": "python3-11",
        "environment_display_name": "Python 3.11",
        "status": "unavailable",
        "active_revision": None,
        "latest_revision": None,
        "has_request_method": None,
        "has_requests_method": None,
        "maximum_instances": 5,
        "minimum_instances": 0,
        "maximum_idle_time": 300,
        "request_retention_time": 604800,
        "request_retention_mode": "full",
        "maximum_queue_size_express": 100,
        "maximum_queue_size_batch": 100000,
        "static_ip": False,
        "restart_request_interruption": False,
        "ports": [],
        "scaling_strategy": "default",
        "instance_processes": 1,
        "description": "",
        "labels": {},
    }
    assert {name: given[name] for name in expected} == expected


def test_given_settings_are_kept(core_api: ubiops.CoreApi, project_name: str, deployment_name: str) -> None:
    data = ubiops.DeploymentVersionCreate(
        version="v1",
        environment="python3-12",
        instance_type_group_name="512 MB + 0.125 vCPU",
        maximum_instances=3,
        minimum_instances=1,
        maximum_idle_time=600,
        description="A version",
        labels={"a": "b"},
        request_retention_time=3600,
        request_retention_mode="none",
        maximum_queue_size_express=10,
        maximum_queue_size_batch=20,
        static_ip=True,
        restart_request_interruption=True,
        ports=[ubiops.DeploymentVersionPort(public_port=2222, deployment_port=22, protocol="tcp")],
        scaling_strategy="moderate",
        instance_processes=4,
    )
    core_api.deployment_versions_create(project_name, deployment_name, data)
    found = core_api.deployment_versions_get(project_name, deployment_name, "v1")
    given = {name: value for name, value in data.to_dict().items() if value is not None}
    assert {name: found.to_dict()[name] for name in given} == given
    assert isinstance(found.ports[0], ubiops.DeploymentVersionPort)


def test_an_update_replaces_labels_and_ports_whole_and_keeps_the_rest(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.version
    ports = [{"public_port": 2222, "deployment_port": 22, "protocol": "tcp"}]
    core_api.deployment_versions_update(*names, {"labels": {"a": "1"}, "ports": ports, "maximum_instances": 9})
    updated = core_api.deployment_versions_update(*names, ubiops.DeploymentVersionUpdate(labels={"b": "2"}, ports=[]))
    assert (updated.labels, updated.ports, updated.maximum_instances) == ({"b": "2"}, [], 9)


def test_objects_are_filtered_by_label(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    core_api.deployment_versions_update(*names, "second", {"labels": {"stage": "test"}})
    assert [v.version for v in core_api.deployment_versions_list(*names, labels="stage:test")] == ["second"]
    assert {v.version for v in core_api.deployment_versions_list(*names)} == {"first", "second"}


def test_the_first_version_is_the_default(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    versions = core_api.deployment_versions_list(populated_project.project_name, populated_project.deployment_name)
    assert {version.version: version.default for version in versions} == {"first": True, "second": False}


def test_a_deleted_version_is_not_found(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.other_version
    core_api.deployment_versions_delete(*names)
    with pytest.raises(ubiops.NotFoundError, match="Deployment version was not found"):
        core_api.deployment_versions_get(*names)


def test_a_model_rejects_invalid_values() -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"DeploymentVersionCreate\.maximum_idle_time.*3600.*5000"):
        ubiops.DeploymentVersionCreate(version="v1", maximum_idle_time=5000)
    with pytest.warns(ubiops.UnknownFieldWarning, match="did you mean 'maximum_instances'"):
        ubiops.DeploymentVersionCreate(version="v1", maximum_instance=1)  # type: ignore[call-arg]
