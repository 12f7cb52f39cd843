"""Users, organizations, logs and more for a populated project."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ubiops.emulator.core.description import properties

if TYPE_CHECKING:
    import ubiops
    from ubiops.emulator import Emulator

PLAIN = {"input_type": "plain", "output_type": "plain"}
PASSWORD = "correct horse battery staple"
VARIABLE = {"name": "COUNTRY", "value": "nl", "secret": False}
MOMENT, LATER = "2024-03-06T14:12:00Z", "2024-03-06T14:13:00Z"
MISSING_ID = "00000000-0000-4000-8000-000000000000"
LABELS = ({"build_id", *properties("LogMetadata")}) - {"level", "system"}


@dataclass
class Further:
    """Values for calls.

    Those of path parameters by the end of the path, queries and bodies by operation.
    """

    values: dict[str, str] = field(default_factory=dict)
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)


def importable() -> bytes:
    """Returns a zip file that can be imported."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("info.yaml", "format_spec: v1.0")
    return packed.getvalue()


def _until(condition: Callable[[], bool]) -> None:
    """Waits for something that happens in another thread."""
    limit = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.005)


def populate_further(api: ubiops.CoreApi, emulator: Emulator, project: str, deployment: str) -> Further:
    """Creates the objects. Names outside of the project contain its name."""
    further = Further()
    organization = f"org-of-{project}"[:64]
    api.organizations_create({"name": organization})
    emails = [f"{name}@{project}.example.com" for name in ("user", "member", "outsider")]
    for email in emails:
        api.user_create({"email": email, "password": PASSWORD})
    user, member = (api.organization_users_create("local", {"email": email}).id for email in emails[:2])
    in_organization = api.organization_users_create(organization, {"email": emails[0]}).id
    api.project_users_create(project, {"user_id": user})
    # A real entry has only the labels that apply to it.
    emulator._backend.logs.write(project, "Started", **{**dict.fromkeys(LABELS, MISSING_ID), "process_id": 0})
    api.projects_update(project, {"advanced_permissions": True})
    api.roles_create(project, {"name": "caller", "permissions": ["deployments.get"]})
    small = api.instance_types_list(project).results[0].id
    group = {"instance_types": [{"id": small}]}
    own_group = api.instance_type_groups_create(project, {"name": "own", **group}).id
    labels = ["station", "model"]
    metric = {"metric_type": "gauge", "labels": labels}
    api.metrics_create(project, {"name": "custom.level", **metric})
    values = {"metric": "custom.level", "labels": {"station": "a"}, "data": [{"date": MOMENT, "value": 1}]}
    api.time_series_data_create(project, values)
    service = {"deployment": deployment, "port": 8080}
    api.services_create(project, {"name": "web", **service})
    limit = {"user_id": user, "limit": 5}
    api.services_user_rate_limit_create(project, "web", limit)
    api.services_user_concurrency_limit_create(project, "web", limit)
    program = api.service_users_create(project, {"name": "importer"}).id
    exported = api.exports_create(project, {"deployments": {deployment: {}}}).id
    _until(lambda: api.exports_get(project, exported).status == "completed")
    imported = api.imports_create(project, file=importable()).id
    _until(lambda: api.imports_get(project, imported).status == "confirmation")
    holder = {"assignee": user, "assignee_type": "user"}
    further.values.update(
        {
            "/organizations/{organization_name}": organization,
            "/organizations/{organization_name}/users/{user_id}": in_organization,
            "/projects/{project_name}/users/{user_id}": user,
            "/projects/{project_name}/environment-variables/{id}": (
                api.project_environment_variables_create(project, VARIABLE).id
            ),
            "/projects/{project_name}/instance-type-groups/{instance_type_group_id}": own_group,
            "/projects/{project_name}/metrics/{metric_name}": "custom.level",
            "/projects/{project_name}/time-series/{time_series_id}": str(api.time_series_search(project)[0].id),
            "/projects/{project_name}/exports/{export_id}": exported,
            "/projects/{project_name}/imports/{import_id}": imported,
            "/projects/{project_name}/roles/{role_name}": "caller",
            "/projects/{project_name}/role-assignments/{id}": (
                api.role_assignments_create(project, {"role": "project-viewer", **holder}).id
            ),
            "/projects/{project_name}/service-users/{service_user_id}": program,
            "/projects/{project_name}/services/{service_name}": "web",
            "/user-rate-limits/{user_id}": user,
            "/user-concurrency-limits/{user_id}": user,
        }
    )
    # Only the entry that has all labels.
    query = f"| deployment_name=`{MISSING_ID}`"
    further.queries["logs_list"] = {"start": "2020-01-01", "end": "2100-01-01", "query": query}
    further.queries["time_series_data_list"] = {"metric": "custom.level", "start_date": MOMENT, "end_date": LATER}
    further.bodies.update(
        {
            "exports_create": {
                "deployments": {deployment: {}},
                **dict.fromkeys(("pipelines", "environment_variables", "environments")),
            },
            "imports_update": {"deployments": {"imported": PLAIN}, "environments": None},
            "projects_create": {"name": f"new-{project}"[:64], "organization_name": organization},
            "projects_log_list": {"filters": {"deployment_name": MISSING_ID}, "date": None},
            "project_users_create": {"user_id": member},
            "organizations_create": {"name": f"new-{organization}"[:64]},
            "organization_users_create": {"email": emails[2]},
            "role_assignments_create": {
                "role": "project-editor",
                **holder,
                "resource": project,
                "resource_type": "project",
            },
            "services_create": service,
            "services_update": {"version": None},
            "services_user_rate_limit_create": {"user_id": program},
            "services_user_concurrency_limit_create": {"user_id": program},
            "time_series_data_create": values,
            "time_series_data_aggregate": {**values, "data": [{"date": "2100-01-01T00:00:00Z", "value": 1}]},
            "instance_type_groups_create": group,
            "instance_type_groups_update": group,
            "service_users_create": {"expiry_date": "2100-01-01"},
            "user_create": {"email": f"new@{project}.example.com"},
        }
    )
    return further
