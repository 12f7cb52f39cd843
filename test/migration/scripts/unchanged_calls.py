"""Unchanged | methods, order of arguments, and options"""

import ubiops

api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration()))
created = api.deployments_create(
    project_name="project-1", data=ubiops.DeploymentCreate(name="same", input_type="plain", output_type="plain")
)
print(type(created).__name__, created.name, created.labels)
version = api.deployment_versions_create("project-1", "same", {"version": "v1", "environment": "python3-11"})
print(version.version, version.status, version.maximum_instances)
upload = api.revisions_file_upload("project-1", "same", "v1", file="deployment_package.zip")
print(type(upload).__name__, upload.success)
with api.revisions_file_download("project-1", "same", upload.revision, "v1") as response:
    print(response.status_code, len(response.content) > 0)
variable = ubiops.EnvironmentVariableCreate(name="NAME", value="value", secret=False)
print(api.deployment_environment_variables_create("project-1", "same", variable).value)
print([one.name for one in api.deployments_list("project-1", labels="team:language")])
print(api.deployments_get("project-1", "same", async_req=True).get().name)
print(api.deployments_get("project-1", "same", _request_timeout=5).name)
print(api.deployments_get("project-1", "same", _request_timeout=(5, 5)).name)
print(api.deployments_update("project-1", "same", ubiops.DeploymentUpdate(description="new")).description)
print(api.deployments_update("project-1", "same", {"description": None}).description)
print(api.deployments.api_client is api.api_client)
print(api.deployments_delete("project-1", "same"))
api.api_client.close()

# All print:
#   DeploymentCreateResponse same {}
#   v1 unavailable 5
#   RevisionCreate True
#   200 True
#   value
#   []
#   same
#   same
#   same
#   new
#   new
#   True
#   None
