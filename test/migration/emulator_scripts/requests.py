"""Requests of all kinds to code that runs."""

from __future__ import annotations

import contextlib
import io
import json
import os

import ubiops

client = ubiops.ApiClient(ubiops.Configuration())
api = ubiops.CoreApi(client)
project = os.environ["PROJECT"]
new = os.environ["UBIOPS_API_HOST"].endswith("/v2")
names = project, "echo"


def show(request):
    """Prints what is known of a request, but for what differs each time."""
    error = request.error_message
    print(type(request).__name__, request.deployment, request.version, request.status, request.result, error)


one = api.deployment_requests_create(*names, {"text": "rain", "n": 2}, timeout=60)
show(one)
print(one.success)
show(api.deployment_version_requests_create(*names, "v1", {"text": "snow", "n": 1}))
many = api.deployment_requests_create(*names, [{"text": "a", "n": 1}, {"text": "b", "n": 2}])
show(many)
failed = api.deployment_requests_create(*names, {"text": "fail", "n": 1})
show(failed)
show(api.deployment_requests_create(*names, {"text": "public", "n": 1}))
for wrong in ({"text": "rain"}, {"text": 1, "n": 1}, {"text": "rain", "n": 1, "m": 1}):
    try:
        api.deployment_requests_create(*names, wrong)
    except ubiops.exceptions.ApiException as error:  # noqa: PERF203 - three requests
        print(error.status, json.loads(error.body))

for part in ubiops.utils.stream_deployment_request(client, *names, data={"text": "stream", "n": 3}, timeout=60):
    print("part", repr(part))
parts = ubiops.utils.stream_deployment_request(
    client, *names, version="v1", data={"text": "stream", "n": 2}, timeout=60, full_response=True
)
*texts, last = parts
print(texts, type(last).__name__, last.status, last.result)

batch = api.batch_deployment_requests_create(*names, [{"text": str(n), "n": n} for n in range(3)], timeout=60)
print([(type(item).__name__, item.status) for item in batch])
batch += api.batch_deployment_version_requests_create(*names, "v1", [{"text": "3", "n": 3}])
for item in batch:
    with contextlib.redirect_stdout(io.StringIO()):
        ubiops.utils.wait_for_deployment_request(client, *names, item.id, timeout=60)
ids = [item.id for item in batch]
found = {item.id: item for item in api.deployment_requests_batch_get(*names, ids)}
for item in ids:
    print(type(found[item]).__name__, found[item].status, found[item].request_data, found[item].result)
listed = api.deployment_requests_list(*names, limit=20, status="completed,failed")
print(type(listed[0]).__name__, len(listed), set(ids) <= {item.id for item in listed})
print({item.status for item in api.deployment_version_requests_list(*names, "v1")})
details = api.deployment_requests_get(*names, one.id)
print(
    type(details).__name__,
    details.request_data,
    details.result,
    details.origin,
    details.time_completed >= details.time_started,
)
print(api.deployment_requests_get(*names, one.id, metadata_only=True).result)
if new:
    print(json.loads(api.deployment_requests_input_get(*names, one.id).text))
    print(json.loads(api.deployment_version_requests_output_get(*names, version="v1", request_id=one.id).text))
overview = api.project_requests_list(project, object_type="deployment")
print(type(overview[0]).__name__, {item.id for item in overview} >= set(ids))
try:
    api.deployment_requests_update(*names, request_id=one.id, data=ubiops.DeploymentRequestUpdate(status="cancelled"))
except ubiops.exceptions.ApiException as error:
    print(error.status)
print(api.deployment_requests_delete(*names, one.id))
try:
    api.deployment_requests_get(*names, one.id)
except ubiops.exceptions.ApiException as error:
    print(error.status, error.body)
if new:
    logs = api.logs_list(project, query=f'| deployment_name="echo" | deployment_request_id="{failed.id}"')
    print(logs[0].metadata.deployment_version)
    print([line.log for line in api.logs_list(project, query='|= "got rain"', limit=1)])
else:
    filters = {"deployment_name": "echo", "deployment_request_id": failed.id}
    logs = api.projects_log_list(project, data={"filters": filters, "date_range": -86400, "limit": 100})
print(type(logs[0]).__name__, any("it broke" in line.log for line in logs))
client.close()
