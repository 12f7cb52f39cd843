"""Calls | progress bar of a transfer"""

import contextlib
import io

import ubiops

shown = io.StringIO()
with contextlib.redirect_stderr(shown):
    ubiops.CoreApi().revisions_file_upload("project-1", "deployment-2", "v1", file="deployment_package.zip")
print("100%" in shown.getvalue())

# The official client prints:
#   True
# This library prints:
#   False
