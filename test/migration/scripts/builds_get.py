"""Calls | `builds_get`"""

import ubiops

print(hasattr(ubiops.CoreApi, "builds_get"))

# 4.8.0 prints:
#   True
# 4.15.0 prints:
#   False
# This library prints:
#   True
