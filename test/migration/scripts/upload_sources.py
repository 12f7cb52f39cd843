"""Calls | `revisions_file_upload(file=...)`"""

from pathlib import Path

import ubiops

api = ubiops.CoreApi()
package = Path("deployment_package.zip")
with package.open("rb") as file:
    for source in (str(package), package, package.read_bytes(), file):
        try:
            print(api.revisions_file_upload("project-1", "deployment-2", "v1", file=source).success)
        except TypeError:
            print("TypeError")

# The official client prints:
#   True
#   True
#   TypeError
#   TypeError
# This library prints:
#   True
#   True
#   True
#   True
