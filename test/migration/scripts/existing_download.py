"""Calls | download with `_preload_content=True` of a file that exists"""

import ubiops

api = ubiops.CoreApi()
(revision, *_) = api.revisions_list("project-1", "deployment-1", "v1")
saved = [
    api.revisions_file_download("project-1", "deployment-1", revision.id, "v1", _preload_content=True) for _ in range(2)
]
print(saved[0] == saved[1])

# The official client prints:
#   True
# This library prints:
#   False
