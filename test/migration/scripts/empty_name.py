"""Calls | `""` or `".."` as a name"""

import ubiops

for name in ("", ".."):
    try:
        ubiops.CoreApi().deployments_get("project-1", name)
    except (ubiops.ApiException, ubiops.ApiValueError) as error:
        print(getattr(error, "status", "not sent"))

# The official client prints:
#   404
#   404
# This library prints:
#   not sent
#   not sent
