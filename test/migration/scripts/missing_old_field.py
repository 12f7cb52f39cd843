"""Models | missing field that only API v2.1 requires, such as `input_type`"""

import ubiops

try:
    print(ubiops.DeploymentCreate(name="word-count").name)
except ValueError as error:
    print(type(error).__name__)

# 4.8.0 prints:
#   ValueError
# 4.15.0 prints:
#   word-count
# This library prints:
#   word-count
