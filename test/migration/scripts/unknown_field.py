"""Models | unknown field as a keyword"""

import warnings

import ubiops

with warnings.catch_warnings(record=True) as issued:
    warnings.simplefilter("always")
    model = ubiops.DeploymentCreate(name="word-count", input_type="plain", output_type="plain", colour="red")
print(hasattr(model, "colour"), [warning.category.__name__ for warning in issued])

# The official client prints:
#   False []
# This library prints:
#   False ['UnknownFieldWarning']
