"""Unchanged | exceptions"""

import ubiops

api = ubiops.CoreApi()
try:
    api.deployments_get("project-1", "no-such-deployment")
except ubiops.ApiException as error:
    print(error.status, error.reason, error.body, error.headers["Content-Type"], error.get_body_message())
    print(isinstance(error, ubiops.exceptions.ApiRequestError), isinstance(error, ubiops.exceptions.OpenApiException))
try:
    api.deployments_get("project-1", "deployment-1", colour="red")
except ubiops.ApiTypeError as error:
    print(isinstance(error, TypeError))
try:
    ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(host="http://127.0.0.1:9/v2.1"))).deployments_list("p")
except ubiops.ApiException as error:
    print(type(error).__name__)

# All print:
#   404 Not Found {"error": "Deployment was not found"} application/json Deployment was not found
#   True True
#   True
#   ApiConnectionError
