"""Models | value that breaks a rule"""

import ubiops


def check(**fields):
    values = {"name": "word-count", "input_type": "plain", "output_type": "plain", **fields}
    try:
        print(ubiops.DeploymentCreate(**values).name)
    except ValueError as error:
        print(type(error).__name__)


check(name="")
check(input_type="spoken")

# The official client prints:
#   ValueError
#   word-count
# This library prints:
#   ApiValueError
#   ApiValueError
