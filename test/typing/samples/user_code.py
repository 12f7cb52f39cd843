"""What users write, with the types that mypy and pyright are to find."""

from __future__ import annotations

from pathlib import Path

import ubiops
import ubiops.api
import ubiops.emulator
import ubiops.exceptions
import ubiops.models
import ubiops.utils

configuration = ubiops.Configuration(host="api.example.com", api_key={"Authorization": "Token x"})
reveal_type(configuration.host)  # str
reveal_type(configuration.max_retries)  # int

client = ubiops.ApiClient(configuration)
api = ubiops.CoreApi(client)
reveal_type(api)  # CoreApi
reveal_type(api.api_client)  # ApiClient
reveal_type(ubiops.api.CoreApi(api_client=client))  # CoreApi
reveal_type(ubiops.__version__)  # str

# --- what methods return, by their options --------------------------------------------

reveal_type(api.deployments_get("p", "d"))  # DeploymentDetail
reveal_type(api.deployments_get(project_name="p", deployment_name="d"))  # DeploymentDetail
reveal_type(api.deployments_get("p", "d", _request_timeout=5))  # DeploymentDetail
reveal_type(api.deployments_get("p", "d", _request_timeout=(5, None)))  # DeploymentDetail
reveal_type(api.deployments_get("p", "d", async_req=True))  # AsyncResult[DeploymentDetail]
reveal_type(api.deployments_get("p", "d", async_req=True).get())  # DeploymentDetail
reveal_type(api.deployments_get("p", "d", _preload_content=False))  # Response
reveal_type(api.deployments_get("p", "d", _preload_content=False).data)  # bytes
reveal_type(
    api.deployments_get("p", "d", _return_http_data_only=False)  # tuple[DeploymentDetail, int, Mapping[str, str]]
)
reveal_type(api.deployments_get_with_http_info("p", "d"))  # tuple[DeploymentDetail, int, Mapping[str, str]]
reveal_type(api.deployments_list("p", labels="a:b"))  # list[DeploymentList]
reveal_type(api.deployments_list("p", labels=None)[0])  # DeploymentList
reveal_type(api.deployments_delete("p", "d"))  # None
reveal_type(api.deployment_audit_events_list("p", "d", action="create", limit=1, offset=2))  # list[AuditList]
reveal_type(api.template_deployments_list())  # list[TemplateDeploymentList]

# --- files ----------------------------------------------------------------------------

reveal_type(api.revisions_file_upload("p", "d", "v", file="a.zip", _progress_bar=True))  # RevisionCreate
reveal_type(api.revisions_file_upload("p", "d", "v", file=Path("a.zip")))  # RevisionCreate
reveal_type(api.revisions_file_upload("p", "d", "v", file=b""))  # RevisionCreate
with open("a.zip", "rb") as file:
    reveal_type(api.revisions_file_upload("p", "d", "v", file=file))  # RevisionCreate
reveal_type(api.revisions_file_upload("p", "d", "v", source_deployment="d", source_version="v").revision)  # str
reveal_type(api.revisions_file_download("p", "d", "r", "v"))  # Response
reveal_type(api.revisions_file_download("p", "d", "r", "v", _preload_content=True))  # str
with api.revisions_file_download("p", "d", "r", "v") as response:
    reveal_type(response)  # Response
    reveal_type(response.read())  # bytes
    reveal_type(response.getfilename())  # str
    reveal_type([block for block in response])  # list[bytes]

# --- models ---------------------------------------------------------------------------

field = ubiops.DeploymentInputFieldCreate(name="text", data_type="string")
reveal_type(field.name)  # str
created = api.deployments_create(
    "p",
    ubiops.DeploymentCreate(
        name="d",
        input_type="structured",
        output_type="plain",
        description=ubiops.NULL,
        input_fields=[field, {"name": "number", "data_type": "int"}],
        labels={"a": "b"},
    ),
)
reveal_type(created)  # DeploymentCreateResponse
reveal_type(created.name)  # str
reveal_type(created.labels)  # dict[str, str]
reveal_type(created.input_type)  # str | None
reveal_type(created.creation_date)  # datetime
reveal_type(created.input_fields)  # list[InputOutputFieldDetail]
reveal_type(created.to_dict())  # dict[str, Any]
reveal_type(created.to_str())  # str
reveal_type(api.deployments_create("p", {"name": "d"}))  # DeploymentCreateResponse
reveal_type(ubiops.models.DeploymentVersionPort.from_dict({"protocol": "tcp"}))  # DeploymentVersionPort
version = api.deployment_versions_get("p", "d", "v")
reveal_type(version.active_revision)  # str | None
reveal_type(version.maximum_instances)  # int
reveal_type(version.default)  # bool
reveal_type(version.ports)  # list[DeploymentVersionPort]
reveal_type(api.revisions_rebuild("p", "d", "r", "v", data={}))  # RevisionList

port = ubiops.DeploymentVersionPort(public_port=2222, deployment_port=22, protocol="tcp")
reveal_type(port.public_port)  # int
changed = ubiops.DeploymentVersionUpdate(ports=[port, {"public_port": 1}], request_retention_mode="full")
reveal_type(changed.static_ip)  # bool | Null | None
changed.description = ubiops.NULL
changed.labels = {"a": "b"}
reveal_type(changed.additional_properties)  # dict[str, Any]
reveal_type(ubiops.DeploymentVersionUpdate.openapi_types)  # dict[str, str]
reveal_type(ubiops.DeploymentList(name="d", labels={}).name)  # str
reveal_type(ubiops.DeploymentList.from_dict({}).creation_date)  # datetime
reveal_type(changed.to_str())  # str

# --- errors and helpers ---------------------------------------------------------------

try:
    api.deployments_get("p", "d")
except ubiops.NotFoundError as error:
    reveal_type(error.status)  # int | None
    reveal_type(error.get_body_message())  # str | None
except ubiops.exceptions.ApiException as error:
    reveal_type(error.attempts)  # tuple[str, ...]
reveal_type(ubiops.utils.wait_for_revision(client, "p", "d", "v", "r"))  # RevisionList
reveal_type(ubiops.utils.wait_for_revision(api, "p", "d", "v", "r", 60, True))  # RevisionList
reveal_type(ubiops.utils.wait_for_deployment_version(client, "p", "d", "v"))  # DeploymentVersionDetail
reveal_type(ubiops.utils.wait_for.wait_for_deployment_version(api, "p", "d", "v"))  # DeploymentVersionDetail


def changed_status(update: ubiops.utils.StatusUpdate[ubiops.RevisionList]) -> None:
    reveal_type(update.status)  # str
    reveal_type(update.previous_status)  # str | None
    reveal_type(update.elapsed)  # float
    reveal_type(update.is_final)  # bool
    reveal_type(update.resource)  # RevisionList


try:
    ubiops.utils.wait_for_revision(api, "p", "d", "v", "r", on_status=changed_status)
    ubiops.utils.wait_for_revision(api, "p", "d", "v", "r", on_status=lambda update: print(update.resource.id))
except ubiops.utils.exceptions.StatusError as failed:
    reveal_type(failed)  # StatusError
    reveal_type(failed.message)  # str | None
    reveal_type(failed.revision_id)  # str | None
except ubiops.WaitTimeoutError as expired:
    reveal_type(expired.timeout)  # float | None
    reveal_type(expired.last_status)  # str | None
    reveal_type(expired.status)  # int | None

# --- the emulator ---------------------------------------------------------------------

with ubiops.emulator.start(tokens=["secret"]) as emulator:
    reveal_type(emulator)  # Emulator
    reveal_type(emulator.host)  # str
    reveal_type(emulator.token)  # str
    reveal_type(emulator.api())  # CoreApi
    reveal_type(emulator.configuration())  # Configuration
    emulator.clock.advance(60)
