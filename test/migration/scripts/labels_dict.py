"""Calls | `labels={"team": "language"}`"""

import ubiops
from replies import serving

with serving(200) as requests:
    try:
        ubiops.CoreApi().deployments_list("project-1", labels={"team": "language"})
    except (ubiops.ApiTypeError, ubiops.ApiValueError) as error:
        print(type(error).__name__)
    print([path.partition("?")[2] for path, _, _ in requests])

# 4.8.0 prints:
#   ApiValueError
#   []
# 4.15.0 prints:
#   ['labels=%7B%27team%27%3A+%27language%27%7D']
# This library prints:
#   ['labels=team%3Alanguage']
