"""Environments in the form of each generation: revisions and builds, or tags."""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from pathlib import Path

import ubiops

client = ubiops.ApiClient(ubiops.Configuration())
api = ubiops.CoreApi(client)
project = os.environ["PROJECT"]
new = os.environ["UBIOPS_API_HOST"].endswith("/v2")
with zipfile.ZipFile("environment.zip", "w") as archive:
    archive.writestr("environment_package/requirements.txt", "# nothing\n")
if new:
    made = api.environments_create(project, ubiops.EnvironmentCreate(name="own", description="Own", labels={"a": "b"}))
    print(made.name, made.description, made.labels)
    tag = api.environment_tags_create(project, "own", ubiops.EnvironmentTagCreate(name="1"))
    print(tag.name, tag.environment == "own", tag.built)
    api.environment_tags_build(
        project, "own", "1", file="environment.zip", base_environment_name="python3-11", base_environment_tag="v1"
    )
else:
    data = ubiops.EnvironmentCreate(
        name="own", display_name="Own", base_environment="python3-11", description="Own", labels={"a": "b"}
    )
    made = api.environments_create(project, data)
    print(made.name, made.base_environment, made.display_name, made.description, made.labels)
    uploaded = api.environment_revisions_file_upload(project, "own", file="environment.zip")
    print(uploaded.success, bool(uploaded.revision), bool(uploaded.build))
printed = io.StringIO()
arguments = {"tag_name": "1"} if new else {}
with contextlib.redirect_stdout(printed):
    ubiops.utils.wait_for_environment(client, project, "own", timeout=90, **arguments)
print("success" in printed.getvalue() or "available" in printed.getvalue())
if new:
    tag = api.environment_tags_get(project, "own", "1")
    print(tag.status, tag.base_environment_name, tag.base_environment_tag, tag.built)
    print([one.name for one in api.environment_tags_list(project, "own")])
    with api.environment_tags_download(project, "own", "1") as response:
        print(response.read() == Path("environment.zip").read_bytes())
    api.environment_tag_secrets_create(
        project, "own", "1", ubiops.EnvironmentVariableCreate(name="KEY", value="x", secret=True)
    )
    print([(one.name, one.value) for one in api.environment_tag_secrets_list(project, "own", "1")])
else:
    environment = api.environments_get(project, "own")
    print(
        environment.status,
        bool(environment.active_revision),
        environment.latest_revision == environment.active_revision,
    )
    revision = api.environment_revisions_list(project, "own")[0]
    print(revision.id == uploaded.revision)
    builds = api.environment_builds_list(project, environment_name="own", revision_id=uploaded.revision)
    print([one.status for one in builds])
    with api.environment_revisions_file_download(
        project, environment_name="own", revision_id=uploaded.revision
    ) as response:
        print(response.read() == Path("environment.zip").read_bytes())
print([one.name for one in api.environments_list(project, labels="a:b")])
environment = {"environment_name": "own", "environment_tag": "1"} if new else {"environment": "own"}
plain = ubiops.DeploymentCreate(name="custom", input_type="plain", output_type="plain")
api.deployments_create(project, plain)
version = api.deployment_versions_create(project, "custom", ubiops.DeploymentVersionCreate(version="v1", **environment))
print([getattr(version, name) for name in environment])
api.revisions_file_upload(project, "custom", "v1", file="deployment_package.zip")
with contextlib.redirect_stdout(printed):
    ubiops.utils.wait_for_deployment_version(client, project, "custom", "v1", timeout=90)
print(api.deployment_requests_create(project, "custom", "words").result)
try:
    api.environments_delete(project, "own")
except ubiops.exceptions.ApiException as error:
    print(error.status)
client.close()
