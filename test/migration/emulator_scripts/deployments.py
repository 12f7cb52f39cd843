"""From the status of the service to a built version, and back: all that was sent."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import ubiops

client = ubiops.ApiClient(ubiops.Configuration())
api = ubiops.CoreApi(client)
project = os.environ["PROJECT"]
new = os.environ["UBIOPS_API_HOST"].endswith("/v2")
print(api.service_status().status)
deployment = api.deployments_create(
    project,
    ubiops.DeploymentCreate(
        name="echo",
        description="Gives back what it gets",
        input_type="structured",
        output_type="structured",
        input_fields=[
            {"name": "text", "data_type": "string"},
            ubiops.DeploymentInputFieldCreate(name="n", data_type="int"),
        ],
        output_fields=[ubiops.DeploymentOutputFieldCreate(name="text", data_type="string")],
        labels={"kind": "example"},
    ),
)
print(deployment.name, deployment.input_fields[0].name, deployment.labels)
settings = {
    "version": "v1",
    "description": "The first",
    "labels": {"state": "new"},
    "instance_type_group_name": "512 MB + 0.125 vCPU",
    "minimum_instances": 0,
    "maximum_instances": 2,
    "instance_processes": 1,
    "maximum_idle_time": 600,
    "scaling_strategy": "moderate",
    "request_retention_mode": "full",
    "request_retention_time": 86400,
    **({"environment_name": "python3-11", "environment_tag": "v1"} if new else {"environment": "python3-11"}),
}
if new:
    settings["maximum_queue_size"] = 500
    settings["health_check"] = {"port": 8080, "path": "/status", "timeout": 3, "interval": 5, "failure_threshold": 2}
else:
    settings["maximum_queue_size_express"] = 50
    settings["maximum_queue_size_batch"] = 500
made = api.deployment_versions_create(project, "echo", ubiops.DeploymentVersionCreate(**settings))
version = api.deployment_versions_get(project, "echo", "v1")
for name, value in settings.items():
    if name != "health_check":
        print(name, getattr(made, name) == value, getattr(version, name) == value)
if new:
    health = version.health_check
    print(health.port, health.path, health.timeout, health.interval, health.failure_threshold)
print(version.status, version.active_revision, version.latest_revision, version.deployment)
uploaded = api.revisions_file_upload(project, "echo", "v1", file="deployment_package.zip")
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    ubiops.utils.wait_for_deployment_version(client, project, "echo", "v1", uploaded.revision, timeout=60)
print("success" in printed.getvalue())
with contextlib.redirect_stdout(printed):
    ubiops.utils.wait_for_deployment_version(client, project, "echo", "v1", timeout=90, stream_logs=True)
print("The code runs with Python" in printed.getvalue())
version = api.deployment_versions_get(project, "echo", "v1")
print(version.status, version.active_revision == version.latest_revision == uploaded.revision)
revision = api.revisions_get(project, "echo", version="v1", revision_id=uploaded.revision)
print(revision.status, revision.created_by)
print([one.id == uploaded.revision for one in api.revisions_list(project, "echo", "v1")])
with api.revisions_file_download(project, "echo", version="v1", revision_id=uploaded.revision) as response:
    print(response.read() == Path("deployment_package.zip").read_bytes())
print(api.deployments_get(project, "echo").default_version)
update = ubiops.DeploymentVersionUpdate(maximum_instances=3, labels={"state": "changed"})
updated = api.deployment_versions_update(project, "echo", "v1", update)
print(updated.maximum_instances, updated.labels, updated.minimum_instances)
for level, names in (("deployment", ("echo",)), ("deployment_version", ("echo", "v1")), ("project", ())):
    create = getattr(api, f"{level}_environment_variables_create")
    for name, secret in (("LANGUAGE", False), ("PASSWORD", True)):
        item = create(project, *names, ubiops.EnvironmentVariableCreate(name=name, value=level, secret=secret))
        print(level, item.name, item.value, item.secret)
for item in api.deployment_version_environment_variables_list(project, "echo", "v1"):
    print(item.name, item.value, item.secret, item.inheritance_type, item.inheritance_name == project)
print(sorted({event.action for event in api.deployment_audit_events_list(project, "echo")}))
try:
    api.deployments_get(project, "nothing")
except ubiops.exceptions.ApiException as error:
    print(error.status, error.body)
try:
    api.deployments_create(project, ubiops.DeploymentCreate(name="echo", input_type="plain", output_type="plain"))
except ubiops.exceptions.ApiException as error:
    print(error.status)
client.close()
