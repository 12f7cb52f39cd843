"""Models | missing required field"""

import ubiops

try:
    ubiops.DeploymentCreate(input_type="plain", output_type="plain")
except ValueError as error:
    print(type(error).__name__)

# The official client prints:
#   ValueError
# This library prints:
#   ApiValueError
