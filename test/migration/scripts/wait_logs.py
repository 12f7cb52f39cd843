"""Waiting | `stream_logs=True`"""

import contextlib
import io
import json
import warnings

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
with serving(200, body=json.dumps(BUILDING).encode()) as requests, warnings.catch_warnings(record=True) as issued:
    warnings.simplefilter("always")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        wait_for_revision(
            ubiops.ApiClient(), "project-1", "deployment-1", "v1", "revision-1", timeout=0.1, stream_logs=True
        )
print(any(path.partition("?")[0].endswith("/logs") for path, _, _ in requests), len(issued) > 0)

# The official client prints:
#   True False
# This library prints:
#   False True
