"""Waiting | `wait_for_...(...)`"""

import ubiops
from ubiops.utils import wait_for_revision

api = ubiops.CoreApi()
(revision, *_) = api.revisions_list("project-1", "deployment-1", "v1")
print(type(wait_for_revision(api.api_client, "project-1", "deployment-1", "v1", revision.id, quiet=True)).__name__)

# The official client prints:
#   NoneType
# This library prints:
#   RevisionList
