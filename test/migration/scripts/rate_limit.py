"""Calls | rate limit exceeded (429)"""

import logging

import ubiops
from replies import serving

logging.disable()
with serving(429, 429, 429, 429, 200) as requests:
    try:
        print(ubiops.CoreApi().deployments_list("project-1"))
    except ubiops.ApiException as error:
        print(type(error).__name__)
    print(len(requests))
logging.disable(logging.NOTSET)

# The official client prints:
#   []
#   5
# This library prints:
#   TooManyRequestsError
#   4
