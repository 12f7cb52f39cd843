"""The pipelines, schedules and webhooks of a populated project."""

from __future__ import annotations

from dataclasses import dataclass
from pipes import attach, operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from described import Described

    import ubiops

_PATHS = ("/pipelines", "/schedules", "/webhooks")
_PIPELINE, _VERSION, _SCHEDULE, _WEBHOOK = "pipeline-1", "first", "schedule-1", "webhook-1"


def is_about_pipelines(operation: Described) -> bool:
    """Returns whether an operation needs these objects."""
    return operation.path.startswith(tuple(f"/projects/{{project_name}}{path}" for path in _PATHS))


@dataclass(frozen=True)
class PopulatedPipelines:
    """The names and ids of the objects.

    A plain pipeline passes its input on to the first deployment of the project and to a
    condition. There are a completed request to it, a schedule and a webhook, both about
    the deployment.
    """

    api: ubiops.CoreApi
    project_name: str
    deployment_name: str
    version: str
    request_id: str
    operator_request_id: str
    test_id: str

    def values(self, operation: Described) -> dict[str, str]:
        """Returns values of path parameters by the ends of paths."""
        request_id = self.request_of(operation)
        pipeline = "/pipelines/{pipeline_name}"
        return {
            pipeline: _PIPELINE,
            f"{pipeline}/versions/{{version}}": _VERSION,
            f"{pipeline}/requests/{{request_id}}": request_id,
            f"{pipeline}/versions/{{version}}/requests/{{request_id}}": request_id,
            "/object-requests/{request_id}": self.operator_request_id,
            "/objects/{name}": "call",
            "/schedules/{schedule_name}": _SCHEDULE,
            "/webhooks/{webhook_name}": _WEBHOOK,
            "/webhooks-tests/{test_id}": self.test_id,
        }

    def request_of(self, operation: Described) -> str:
        """Returns the id of a request that an operation is possible for."""
        if not operation.operation_id.endswith(("requests_update", "requests_batch_cancel")):
            return self.request_id
        names = self.project_name, _PIPELINE
        opened = self.api.pipeline_requests_list(*names, status="processing")
        return opened[0].id if opened else self.api.batch_pipeline_requests_create(*names, data=["wait"])[0].id

    def body(self, operation: Described) -> Any:
        """Returns the example of a body, with references to objects of the project."""
        if operation.operation_id.endswith(("batch_get", "batch_cancel", "batch_delete")):
            return [self.request_of(operation)]
        references = {
            "objects": _objects(self.deployment_name),
            "attachments": _ATTACHMENTS,
            "default_version": _VERSION,
        }
        if operation.path.endswith(("/schedules", "/webhooks", "/webhooks-tests")):
            references.update(object_name=self.deployment_name, version=self.version, request_data="x")
        if not isinstance(operation.body, dict):
            return operation.body
        body = {name: references.get(name, value) for name, value in operation.body.items()}
        if operation.operation_id == "pipeline_versions_create":
            body["version"] = "other"
        return body


_ATTACHMENTS = [
    attach("call", ("pipeline_start",)),
    attach("check", ("call",)),
    attach("pipeline_end", ("check",)),
]


def _objects(deployment_name: str) -> list[dict[str, Any]]:
    return [
        {"name": "call", "reference_name": deployment_name},
        operator("check", "if-condition", expression="True"),
    ]


def populate_pipelines(
    api: ubiops.CoreApi, project_name: str, deployment_name: str, version: str
) -> PopulatedPipelines:
    """Creates the objects."""
    api.pipelines_create(project_name, {"name": _PIPELINE, "input_type": "plain", "output_type": "plain"})
    graph = {"objects": _objects(deployment_name), "attachments": _ATTACHMENTS}
    api.pipeline_versions_create(project_name, _PIPELINE, {"version": _VERSION, **graph})
    completed = api.pipeline_requests_create(project_name, _PIPELINE, data="x")
    about = {"object_type": "deployment", "object_name": deployment_name}
    schedule = {"name": _SCHEDULE, **about, "schedule": "0 0 1 1 *", "request_data": "x", "enabled": False}
    api.request_schedules_create(project_name, schedule)
    # Nothing listens there.
    called = {**about, "url": "http://127.0.0.1:9", "event": "deployment_request_failed"}
    header = {"key": "X-Source", "value": "ubiops", "protected": False}
    api.webhooks_create(project_name, {"name": _WEBHOOK, **called, "headers": [header]})
    test_id = api.webhook_tests_create(project_name, called).id
    return PopulatedPipelines(
        api,
        project_name,
        deployment_name,
        version,
        completed.id,
        completed.operator_requests[0].id,
        test_id,
    )
