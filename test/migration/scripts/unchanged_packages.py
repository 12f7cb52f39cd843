"""Unchanged | helpers for packages"""

import os
import zipfile
from pathlib import Path

import ubiops.utils

if not hasattr(ubiops.utils, "zip_dir"):
    print("There are none.")
else:
    folder = Path("package")
    folder.mkdir()
    (folder / "deployment.py").write_text("")
    (folder / "words.py").write_text("")
    (folder / "notes.md").write_text("")
    (folder / ".ubiops-ignore").write_text("*.md\n")
    path = ubiops.utils.zip_dir(str(folder), "package.zip")
    with zipfile.ZipFile(path) as archive:
        print(sorted(os.path.basename(name) for name in archive.namelist() if not name.endswith("/")))
    print(os.path.isabs(path))
    print(ubiops.utils.default_zip_name("package")[-4:])
    print(ubiops.utils.files_present_in_dir(["words.py"], str(folder)))

# 4.8.0 prints:
#   There are none.
# 4.15.0 prints:
#   ['.ubiops-ignore', 'deployment.py', 'words.py']
#   True
#   .zip
#   True
# This library prints:
#   ['.ubiops-ignore', 'deployment.py', 'words.py']
#   True
#   .zip
#   True
