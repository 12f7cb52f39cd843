"""Calls | `deployments_get_with_http_info(...)`"""

import ubiops

api = ubiops.CoreApi()
area = getattr(api, "deployments", api)
result = area.deployments_get_with_http_info("project-1", "deployment-1")
print(type(result).__name__, hasattr(api, "deployments_get_with_http_info"))

# The official client prints:
#   DeploymentDetail False
# This library prints:
#   tuple True
