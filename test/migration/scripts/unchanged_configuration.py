"""Unchanged | `Configuration` and environment variables"""

import os

import ubiops

configuration = ubiops.Configuration()
print(configuration.host == os.environ["UBIOPS_API_HOST"])
print(configuration.get_api_key_with_prefix("Authorization") == os.environ["UBIOPS_API_TOKEN"])
configuration.host = "https://api.example.com/v2.1/"
configuration.api_key["Authorization"] = "1a2b3c"
configuration.api_key_prefix["Authorization"] = "Bearer"
print(configuration.host, configuration.get_api_key_with_prefix("Authorization"))
given = ubiops.Configuration("https://api.example.com/v2.1", {"Authorization": "Token 1a2b3c"})
print(given.host, given.api_key["Authorization"], given.verify_ssl)
print(ubiops.CoreApi().api_client.configuration.host == os.environ["UBIOPS_API_HOST"])

# All print:
#   True
#   True
#   https://api.example.com/v2.1 Bearer 1a2b3c
#   https://api.example.com/v2.1 Token 1a2b3c True
#   True
