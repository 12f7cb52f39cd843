"""Pipelines, their requests and schedules."""

from __future__ import annotations

import contextlib
import io
import json
import os

import ubiops

client = ubiops.ApiClient(ubiops.Configuration())
api = ubiops.CoreApi(client)
project = os.environ["PROJECT"]
fields = [ubiops.PipelineInputFieldCreate(name="text", data_type="string"), {"name": "n", "data_type": "int"}]
pipeline = ubiops.PipelineCreate(
    name="chain",
    description="Two in a row",
    input_type="structured",
    input_fields=fields,
    output_type="structured",
    output_fields=[ubiops.PipelineOutputFieldCreate(name="text", data_type="string")],
    labels={"a": "b"},
)
made = api.pipelines_create(project, pipeline)
print(made.name, made.description, made.labels, [field.name for field in made.input_fields])
api.deployments_create(
    project,
    ubiops.DeploymentCreate(
        name="links",
        input_type="structured",
        input_fields=[{"name": "text", "data_type": "string"}, {"name": "n", "data_type": "int"}],
        output_type="structured",
        output_fields=[{"name": "text", "data_type": "string"}],
    ),
)
api.deployment_versions_create(project, "links", ubiops.DeploymentVersionCreate(version="v1"))
api.revisions_file_upload(project, "links", "v1", file="deployment_package.zip")
with contextlib.redirect_stdout(io.StringIO()):
    ubiops.utils.wait_for_deployment_version(client, project, "links", "v1", timeout=60)


def mapping(*names):
    return [{"source_field_name": name, "destination_field_name": name} for name in names]


version = ubiops.PipelineVersionCreate(
    version="v1",
    description="The first",
    request_retention_mode="full",
    objects=[
        {"name": "one", "reference_name": "links", "version": "v1"},
        ubiops.PipelineVersionObjectCreate(
            name="two", reference_name="links", reference_type="deployment", version="v1"
        ),
    ],
    attachments=[
        {"destination_name": "one", "sources": [{"source_name": "pipeline_start", "mapping": mapping("text", "n")}]},
        {
            "destination_name": "two",
            "sources": [
                {"source_name": "one", "mapping": mapping("text")},
                {"source_name": "pipeline_start", "mapping": mapping("n")},
            ],
        },
        {"destination_name": "pipeline_end", "sources": [{"source_name": "two", "mapping": mapping("text")}]},
    ],
)
made = api.pipeline_versions_create(project, "chain", version)
print(made.version, made.description, [(one.name, one.reference_name, one.version) for one in made.objects])
print(len(made.attachments), api.pipelines_get(project, "chain").default_version)


def show(request):
    print(
        type(request).__name__, request.pipeline, request.version, request.status, request.result, request.error_message
    )


result = api.pipeline_requests_create(project, "chain", {"text": "rain", "n": 2}, pipeline_timeout=60)
show(result)
print([(one.pipeline_object, one.deployment, one.status) for one in result.deployment_requests])
show(api.pipeline_version_requests_create(project, "chain", "v1", {"text": "snow", "n": 1}))
show(api.pipeline_requests_create(project, "chain", {"text": "fail", "n": 1}))
*parts, last = ubiops.utils.stream_pipeline_request(
    client, project, "chain", data={"text": "stream", "n": 2}, timeout=60, full_response=True
)
print(parts, type(last).__name__, last.status, last.result)
batch = api.batch_pipeline_requests_create(project, "chain", [{"text": "a", "n": 1}, {"text": "b", "n": 1}], timeout=60)
print([(type(one).__name__, one.status) for one in batch])
for one in batch:
    with contextlib.redirect_stdout(io.StringIO()):
        ubiops.utils.wait_for_pipeline_request(client, project, "chain", one.id, timeout=60)
for one in batch:
    details = api.pipeline_requests_get(project, "chain", one.id)
    print(type(details).__name__, details.status, details.request_data, details.result)
    steps = sorted(details.deployment_requests, key=lambda request: request.sequence_id)
    print([(type(step).__name__, step.pipeline_object, step.status) for step in steps])
print(
    sorted(one.result["text"] for one in api.pipeline_requests_batch_get(project, "chain", [one.id for one in batch]))
)
print(len(api.pipeline_requests_list(project, "chain", status="completed")))
try:
    api.pipeline_requests_create(project, "chain", {"text": 1, "n": 1})
except ubiops.exceptions.ApiException as error:
    print(error.status, json.loads(error.body))
schedule = ubiops.ScheduleCreate(
    name="hourly",
    object_type="pipeline",
    object_name="chain",
    schedule="0 * * * *",
    request_data={"text": "x", "n": 1},
    enabled=False,
)
made = api.request_schedules_create(project, schedule)
print(made.name, made.schedule, made.object_name, made.enabled, made.request_data)
print(api.request_schedules_update(project, "hourly", ubiops.ScheduleUpdate(schedule="5 * * * *")).schedule)
print({event.action for event in api.pipeline_audit_events_list(project, "chain")})
if os.environ["UBIOPS_API_HOST"].endswith("/v2"):
    logs = api.logs_list(project, query='| pipeline_name="chain"')
else:
    logs = api.projects_log_list(project, data={"filters": {"pipeline_name": "chain"}, "date_range": -86400})
print(any("got rain" in line.log for line in logs))
client.close()
