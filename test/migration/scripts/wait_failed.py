"""Waiting | failed build"""

import zipfile

import ubiops
from ubiops.utils import wait_for_revision
from ubiops.utils.exceptions import StatusError

with zipfile.ZipFile("no_code.zip", "w") as archive:
    archive.writestr("deployment_package/readme.txt", "There is no code in here.")
api = ubiops.CoreApi()
upload = api.revisions_file_upload("project-1", "deployment-2", "v1", file="no_code.zip")
try:
    wait_for_revision(api.api_client, "project-1", "deployment-2", "v1", upload.revision, quiet=True)
except StatusError as error:
    print(isinstance(error, ValueError), getattr(error, "revision_id", None) == upload.revision)

# The official client prints:
#   True False
# This library prints:
#   True True
