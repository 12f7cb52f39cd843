"""Unchanged | the client for raw calls"""

import json

import ubiops

client = ubiops.ApiClient()
print(client.client_side_validation, client.rest_client.auto_retry_rate_limiting)
client.client_side_validation = False
client.rest_client.auto_retry_rate_limiting = False
print(client.client_side_validation, client.rest_client.auto_retry_rate_limiting)
print(client.select_header_accept(["application/json", "text/plain"]), client.select_header_accept([]))
print(client.select_header_content_type([]), client.select_header_content_type(["text/plain", "text/html"]))
print(client.parameters_to_tuples({"a": [1, 2], "b": "c"}, {"a": "csv"}))
print(client.sanitize_for_serialization([1, {"status": ubiops.Status(status="ok")}]))
print(client.configuration.auth_settings().get("api_key", {}).get("value"))


class Response:
    text = data = json.dumps([{"status": "ok"}])


print([one.status for one in client.deserialize(Response, "list[Status]")])
for area in ("deployments", "environments", "pipelines", "projects", "request_schedules", "status"):
    print(type(getattr(ubiops.CoreApi(client), area)).__name__)
error = ubiops.ApiException(404, "Not Found", '{"error": "no such thing"}')
print(error.status, error.reason, error.body, error.get_body_message())

# All print:
#   True True
#   False False
#   application/json None
#   application/json text/plain
#   [('a', '1,2'), ('b', 'c')]
#   [1, {'status': {'status': 'ok'}}]
#   Token example
#   ['ok']
#   Deployments
#   Environments
#   Pipelines
#   Projects
#   RequestSchedules
#   Status
#   404 Not Found {"error": "no such thing"} no such thing
