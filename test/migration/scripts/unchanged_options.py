"""Unchanged | the options of calls"""

import ubiops

api = ubiops.CoreApi()
names = "project-1", "deployment-1"
print(api.deployments_get(*names, _preload_content=True, _return_http_data_only=True).name)
print(api.deployments_get(*names, _request_timeout=10).name, api.deployments_get(*names, _request_timeout=(5, 10)).name)
print(api.deployments_get(*names, async_req=True).get().name)
print(api.deployments_get(*names, _preload_content=False).status_code)
data, status, headers = api.deployments.deployments_get_with_http_info(*names, _return_http_data_only=False)
print(type(data).__name__, status, headers["Content-Type"])
print(api.revisions_list(*names, "v1", _request_stream=False, _progress_bar=False)[0].version)
try:
    api.deployments_get(*names, no_such_option=1)
except TypeError:
    print("TypeError")

# All print:
#   deployment-1
#   deployment-1 deployment-1
#   deployment-1
#   200
#   DeploymentDetail 200 application/json
#   v1
#   TypeError
