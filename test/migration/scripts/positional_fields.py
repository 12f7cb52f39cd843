"""Models | positional fields"""

import ubiops

print(ubiops.EnvironmentVariableCreate("NAME", "value", False).name)
try:
    print(ubiops.EnvironmentCreate("environment-1", "Environment 1", "python3-11").display_name)
except (AttributeError, TypeError, ValueError) as error:
    print(type(error).__name__)

# 4.8.0 prints:
#   NAME
#   Environment 1
# 4.15.0 prints:
#   NAME
#   ValueError
# This library prints:
#   NAME
#   ApiTypeError
