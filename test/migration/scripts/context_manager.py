"""Client | `with ubiops.CoreApi() as api:`"""

import ubiops

try:
    with ubiops.CoreApi() as api:
        print(len(api.deployments_list("project-1")) > 0)
except (AttributeError, TypeError):
    print("not supported")

# The official client prints:
#   not supported
# This library prints:
#   True
