"""Client | `ApiClient.call_api` without `auth_settings`"""

import ubiops
from replies import serving

with serving(200) as requests:
    client = ubiops.ApiClient()
    client.call_api("/projects", "GET", response_type="object", _return_http_data_only=True)
    client.call_api("/projects", "GET", auth_settings=["api_key"], response_type="object", _return_http_data_only=True)
print(["Authorization" in headers for _, headers, _ in requests])

# The official client prints:
#   [False, True]
# This library prints:
#   [True, True]
