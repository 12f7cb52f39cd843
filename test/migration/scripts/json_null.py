"""Models | sending JSON `null`"""

import ubiops

print(hasattr(ubiops, "NULL"))

# The official client prints:
#   False
# This library prints:
#   True
