"""The account, projects, their users and logs."""

from __future__ import annotations

import ubiops

client = ubiops.ApiClient(ubiops.Configuration())
api = ubiops.CoreApi(client)
print(api.service_status().status)
for project in api.projects_list(organization="meteo"):
    print(type(project).__name__, project.name)
made = api.projects_create(ubiops.ProjectCreate(name="weather", organization_name="meteo"))
print(type(made).__name__, made.name)
for user in api.project_users_list("weather"):
    print(type(user).__name__, user.email)
for role in api.roles_list("weather"):
    print(type(role).__name__, role.name)
for event in api.project_audit_events_list("weather", limit=3):
    print(event.date.timestamp(), event.action, event.user)
try:
    api.deployments_get("weather", "rain-forecast", no_such_option=1)
except TypeError as error:
    print("no_such_option" in str(error))
print(client.deserialize(api.service_status(_preload_content=False), "Status").status)
client.close()
