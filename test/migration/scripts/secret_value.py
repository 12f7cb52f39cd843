"""Models | value of a secret variable in `print` and `to_str()`"""

import ubiops

variable = ubiops.EnvironmentVariableCreate(name="PASSWORD", value="sesame", secret=True)
print("sesame" in str(variable), "sesame" in variable.to_str(), variable.value, variable.to_dict()["value"])

# The official client prints:
#   True True sesame sesame
# This library prints:
#   False False sesame sesame
