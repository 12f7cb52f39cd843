"""Models | value of the wrong type"""

import ubiops

try:
    ubiops.DeploymentCreate(name=5, input_type="plain", output_type="plain")
except (TypeError, ValueError) as error:
    print(type(error).__name__)

# The official client prints:
#   ValueError
# This library prints:
#   ApiTypeError
