"""Versions, from their creation to their end."""

from __future__ import annotations

from typing import Any

import pytest

import ubiops


def test_a_version_begins_with_the_defaults(core_api: ubiops.CoreApi, project_name: str, deployment_name: str) -> None:
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


def test_what_is_given_is_kept(core_api: ubiops.CoreApi, project_name: str, deployment_name: str) -> None:
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


def test_an_update_replaces_labels_and_ports_whole_and_keeps_the_rest(core_api: ubiops.CoreApi, project: Any) -> None:
    names = project.project_name, project.deployment_name, project.version
    ports = [{"public_port": 2222, "deployment_port": 22, "protocol": "tcp"}]
    core_api.deployment_versions_update(*names, {"labels": {"a": "1"}, "ports": ports, "maximum_instances": 9})
    updated = core_api.deployment_versions_update(*names, ubiops.DeploymentVersionUpdate(labels={"b": "2"}, ports=[]))
    assert (updated.labels, updated.ports, updated.maximum_instances) == ({"b": "2"}, [], 9)


def test_labels_select(core_api: ubiops.CoreApi, project: Any) -> None:
    names = project.project_name, project.deployment_name
    core_api.deployment_versions_update(*names, "v2", {"labels": {"stage": "test"}})
    assert [v.version for v in core_api.deployment_versions_list(*names, labels="stage:test")] == ["v2"]
    assert {v.version for v in core_api.deployment_versions_list(*names)} == {"v1", "v2"}


def test_the_first_version_is_the_default(core_api: ubiops.CoreApi, project: Any) -> None:
    versions = core_api.deployment_versions_list(project.project_name, project.deployment_name)
    assert {version.version: version.default for version in versions} == {"v1": True, "v2": False}


def test_a_deleted_version_is_gone(core_api: ubiops.CoreApi, project: Any) -> None:
    names = project.project_name, project.deployment_name, project.other_version
    core_api.deployment_versions_delete(*names)
    with pytest.raises(ubiops.NotFoundError, match="Deployment version was not found"):
        core_api.deployment_versions_get(*names)


def test_a_model_refuses_what_the_platform_would_refuse() -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"DeploymentVersionCreate\.maximum_idle_time.*3600.*5000"):
        ubiops.DeploymentVersionCreate(version="v1", maximum_idle_time=5000)
    with pytest.raises(ubiops.ApiTypeError, match="maximum_instance"):
        ubiops.DeploymentVersionCreate(version="v1", maximum_instance=1)  # type: ignore[call-arg]
