"""Calls | missing required argument"""

import ubiops

api = ubiops.CoreApi()
try:
    api.deployments_get("project-1")
except (TypeError, ValueError) as error:
    print(type(error).__name__)
try:
    api.deployments_get("project-1", None)
except (TypeError, ValueError) as error:
    print(type(error).__name__)

# The official client prints:
#   TypeError
#   ApiValueError
# This library prints:
#   ApiValueError
#   ApiValueError
