"""Calls | error status"""

import ubiops

try:
    ubiops.CoreApi().deployments_get("project-1", "no-such-deployment")
except ubiops.exceptions.ApiRequestError as error:
    print(type(error).__name__, error.status, error.reason, error.get_body_message())

# The official client prints:
#   ApiRequestError 404 Not Found Deployment was not found
# This library prints:
#   NotFoundError 404 Not Found Deployment was not found
