"""Calls | upload of a file that doesn't exist"""

import ubiops

try:
    ubiops.CoreApi().revisions_file_upload("project-1", "deployment-1", "v1", file="missing.zip")
except (OSError, ValueError) as error:
    print(type(error).__name__, isinstance(error, FileNotFoundError))

# The official client prints:
#   FileNotFoundError True
# This library prints:
#   ApiFileNotFoundError True
