"""Requests of every kind, as programs send them."""

from __future__ import annotations

import os

import ubiops

api = ubiops.CoreApi()
names = "weather", "rain-forecast"
ID = "a4c7e2d9-5b18-4f03-9e6a-7d2c81f05b36"

one = api.deployment_requests_create(*names, {"station": "de-bilt"}, timeout=300)
print(type(one).__name__, one.id, one.status, one.success, one.result, one.error_message)
one = api.deployment_version_requests_create(
    project_name="weather", deployment_name="rain-forecast", version="v1", data="Will it rain?"
)
print(one.deployment, one.version, one.result)
for request in api.batch_deployment_requests_create(*names, [{"station": "de-bilt"}, {"station": "leeuwarden"}]):
    print(type(request).__name__, request.id, request.status)
for request in api.deployment_requests_list(*names, status="completed,failed", limit=10, offset=0):
    print(type(request).__name__, request.id, request.time_created.timestamp())
details = api.deployment_requests_get(*names, ID)
print(type(details).__name__, details.request_data, details.result, details.time_completed.timestamp())
for request in api.deployment_version_requests_batch_get(*names, "v1", [ID]):
    print(request.id, request.request_data)
print(api.deployment_requests_batch_cancel(*names, [ID]))
print(api.deployment_requests_delete(*names, ID))
if os.environ["UBIOPS_API_HOST"].endswith("/v2"):
    print(api.deployment_requests_input_get(*names, ID).content)
    with api.deployment_requests_output_get(*names, ID, _preload_content=False) as response:
        print(response.status_code, response.content)
later = api.deployment_requests_create(*names, {"station": "de-bilt"}, async_req=True)
print(type(later.get()).__name__)
