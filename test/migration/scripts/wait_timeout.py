"""Waiting | wait longer than `timeout`"""

import json

import ubiops
from replies import serving
from ubiops.utils import wait_for_revision

BUILDING = {
    "id": "revision-1",
    "version": "v1",
    "creation_date": "2024-05-12T16:15:11Z",
    "created_by": "user@example.com",
    "status": "building",
    "expired": False,
}
with serving(200, body=json.dumps(BUILDING).encode()):
    try:
        wait_for_revision(ubiops.ApiClient(), "project-1", "deployment-1", "v1", "revision-1", timeout=1, quiet=True)
    except ubiops.ApiException as error:
        print(type(error).__name__, error.status, isinstance(error, TimeoutError))

# The official client prints:
#   ApiException 504 False
# This library prints:
#   WaitTimeoutError 504 True
