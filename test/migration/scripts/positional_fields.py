"""Models | positional fields"""

import ubiops

try:
    print(ubiops.EnvironmentVariableCreate("NAME", "value", False).name)
except TypeError as error:
    print(type(error).__name__)

# The official client prints:
#   NAME
# This library prints:
#   ApiTypeError
