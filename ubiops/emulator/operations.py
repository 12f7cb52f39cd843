"""Which function serves which operation of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ubiops.emulator import audit, builds, deployments, revisions, template_deployments, variables, versions

if TYPE_CHECKING:
    from ubiops.emulator.call import Call


class Operation(NamedTuple):
    """How an operation is served."""

    # Gives the value that is answered as JSON, a FileAnswer, or None for an empty answer.
    serve: Callable[[Call], Any]
    # Called before the body is read, so that a large one need not be sent in vain.
    check: Callable[[Call], None] | None = None
    # Whether it takes its time, with large files, and would hold up other requests.
    slow: bool = False


OPERATIONS = {
    "builds_get": Operation(builds.builds_get),
    "deployment_audit_events_list": Operation(audit.deployment_audit_events_list),
    "deployment_environment_variables_copy": Operation(variables.copy),
    "deployment_environment_variables_create": Operation(variables.create),
    "deployment_environment_variables_delete": Operation(variables.delete),
    "deployment_environment_variables_get": Operation(variables.get),
    "deployment_environment_variables_list": Operation(variables.list_all),
    "deployment_environment_variables_update": Operation(variables.update),
    "deployment_version_environment_variables_copy": Operation(variables.copy),
    "deployment_version_environment_variables_create": Operation(variables.create),
    "deployment_version_environment_variables_delete": Operation(variables.delete),
    "deployment_version_environment_variables_get": Operation(variables.get),
    "deployment_version_environment_variables_list": Operation(variables.list_all),
    "deployment_version_environment_variables_update": Operation(variables.update),
    "deployment_versions_create": Operation(versions.deployment_versions_create),
    "deployment_versions_delete": Operation(versions.deployment_versions_delete, slow=True),
    "deployment_versions_get": Operation(versions.deployment_versions_get),
    "deployment_versions_list": Operation(versions.deployment_versions_list),
    "deployment_versions_update": Operation(versions.deployment_versions_update),
    "deployments_create": Operation(deployments.deployments_create),
    "deployments_delete": Operation(deployments.deployments_delete, slow=True),
    "deployments_get": Operation(deployments.deployments_get),
    "deployments_list": Operation(deployments.deployments_list),
    "deployments_update": Operation(deployments.deployments_update),
    "revisions_file_download": Operation(revisions.revisions_file_download),
    "revisions_file_upload": Operation(revisions.revisions_file_upload, revisions.check_upload, slow=True),
    "revisions_get": Operation(revisions.revisions_get),
    "revisions_list": Operation(revisions.revisions_list),
    "revisions_rebuild": Operation(revisions.revisions_rebuild, slow=True),
    "template_deployments_list": Operation(template_deployments.template_deployments_list),
}
