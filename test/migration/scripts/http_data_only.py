"""Calls | `_return_http_data_only=False`"""

import ubiops

result = ubiops.CoreApi().deployments_get("project-1", "deployment-1", _return_http_data_only=False)
print(type(result).__name__)

# The official client prints:
#   DeploymentDetail
# This library prints:
#   tuple
