"""Calls | `str(error)`"""

import ubiops

try:
    ubiops.CoreApi().deployments_get("project-1", "no-such-deployment")
except ubiops.ApiException as error:
    print(*str(error).splitlines()[:2], sep="\n")

# The official client prints:
#   Not Found (404)
#   Error: Deployment was not found
# This library prints:
#   (404) Not Found: Deployment was not found
#     request: GET ...
