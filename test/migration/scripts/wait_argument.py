"""Waiting | `CoreApi` as the client"""

import ubiops
from ubiops.utils import wait_for_revision

api = ubiops.CoreApi()
(revision, *_) = api.revisions_list("project-1", "deployment-1", "v1")
try:
    wait_for_revision(api, "project-1", "deployment-1", "v1", revision.id, quiet=True)
    print("accepted")
except Exception as error:
    print(type(error).__name__)

# The official client prints:
#   AssertionError
# This library prints:
#   accepted
