"""Models | unknown key in a dict"""

import json

import ubiops
from replies import serving

data = {"description": "new", "colour": "red"}
with serving(200, body=b"{}") as requests:
    ubiops.CoreApi().deployments_update("project-1", "deployment-1", data, _preload_content=False)
print(json.loads(requests[0][2]))

# The official client prints:
#   {'description': 'new'}
# This library prints:
#   {'description': 'new', 'colour': 'red'}
