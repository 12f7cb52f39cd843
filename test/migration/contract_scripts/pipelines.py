"""Pipelines, their versions and requests, schedules and logs."""

from __future__ import annotations

import ubiops

api = ubiops.CoreApi()
pipeline = ubiops.PipelineCreate(
    name="rain-alert",
    input_type="structured",
    input_fields=[ubiops.PipelineInputFieldCreate(name="station", data_type="string")],
    output_type="plain",
    labels={"team": "radar"},
)
made = api.pipelines_create("weather", pipeline)
print(type(made).__name__, made.name, [field.name for field in made.input_fields])
version = ubiops.PipelineVersionCreate(
    version="v1",
    objects=[{"name": "forecast", "reference_name": "rain-forecast", "version": "v1"}],
    attachments=[
        {
            "destination_name": "forecast",
            "sources": [
                {
                    "source_name": "pipeline_start",
                    "mapping": [{"source_field_name": "station", "destination_field_name": "station"}],
                }
            ],
        }
    ],
)
made = api.pipeline_versions_create("weather", "rain-alert", version)
print(type(made).__name__, made.version, [one.name for one in made.objects])
result = api.pipeline_requests_create("weather", "rain-alert", {"station": "de-bilt"}, pipeline_timeout=600)
print(type(result).__name__, result.status, result.result, [type(one).__name__ for one in result.deployment_requests])
for request in api.pipeline_version_requests_list("weather", "rain-alert", "v1", limit=5):
    print(request.id, request.status)
schedule = ubiops.ScheduleCreate(
    name="hourly", object_type="pipeline", object_name="rain-alert", schedule="0 * * * *", request_data={"station": "x"}
)
print(api.request_schedules_create("weather", schedule).schedule)
for event in api.pipeline_audit_events_list("weather", "rain-alert", action="create", limit=5):
    print(type(event).__name__, event.action, event.event)
