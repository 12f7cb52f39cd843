"""Environments, their variables and their packages."""

from __future__ import annotations

import os

import ubiops

api = ubiops.CoreApi()
for environment in api.environments_list("weather"):
    print(type(environment).__name__, environment.name, environment.labels)
if os.environ["UBIOPS_API_HOST"].endswith("/v2"):
    tag = ubiops.EnvironmentTagCreate(name="2024-03", base_environment="ubuntu24-04-python3-12", base_tag="v1")
    try:
        tag = api.environment_tags_create("weather", "python-weather", tag)
        print(type(tag).__name__, tag.name)
    except (TypeError, ValueError) as error:
        print(type(error).__name__)
    for tag in api.environment_tags_list("weather", "python-weather"):
        print(tag.name, tag.status)
    made = api.environment_tags_build("weather", "python-weather", "2024-03", file="deployment_package.zip")
    print(type(made).__name__)
else:
    made = api.environment_revisions_file_upload("weather", "python-weather", file="deployment_package.zip")
    print(type(made).__name__, made.revision, made.build)
    for revision in api.environment_revisions_list("weather", "python-weather"):
        print(revision.id, revision.creation_date.timestamp())
variable = ubiops.EnvironmentVariableCreate(name="MODEL_NAME", value="rain", secret=False)
print(api.project_environment_variables_create("weather", variable).name)
for variable in api.deployment_version_environment_variables_list("weather", "rain-forecast", "v1"):
    print(type(variable).__name__, variable.name, variable.secret, variable.inheritance_type)
