"""Calls | server error (502, 503, 504) of a GET"""

import ubiops
from replies import serving

with serving(503, 200) as requests:
    try:
        print(ubiops.CoreApi().deployments_list("project-1"))
    except ubiops.ApiException as error:
        print(error.status)

# The official client prints:
#   503
# This library prints:
#   []
