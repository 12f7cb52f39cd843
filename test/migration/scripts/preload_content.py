"""Calls | `_preload_content=False`"""

import ubiops

response = ubiops.CoreApi().deployments_get("project-1", "deployment-1", _preload_content=False)
print(type(response).__module__)
print(response.status_code, response.json()["name"], response.headers["content-type"], response.ok)
print(hasattr(response, "status"), hasattr(response, "data"))

# The official client prints:
#   requests.models
#   200 deployment-1 application/json True
#   False False
# This library prints:
#   ubiops.response
#   200 deployment-1 application/json True
#   True True
