"""Client | pickled client"""

import pickle

import ubiops

client = ubiops.ApiClient(ubiops.Configuration(api_key={"Authorization": "Token 1a2b3c"}))
print(b"1a2b3c" in pickle.dumps(client))

# The official client prints:
#   True
# This library prints:
#   False
