"""Models | model from JSON"""

import ubiops

print(hasattr(ubiops.ApiClient, "deserialize"), hasattr(ubiops.DeploymentDetail, "from_dict"))

# The official client prints:
#   True False
# This library prints:
#   True True
