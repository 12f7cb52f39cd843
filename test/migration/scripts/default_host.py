"""Client | default address"""

import os

import ubiops

before = os.environ.pop("UBIOPS_API_HOST")
print(ubiops.Configuration().host)
os.environ["UBIOPS_API_HOST"] = before

# 4.8.0 prints:
#   https://api.ubiops.com/v2.1
# 4.15.0 prints:
#   https://api.ubiops.com/v2
# This library prints:
#   https://api.ubiops.com/v2.1
