"""Models | time zone of dates"""

import datetime

import ubiops

created = ubiops.CoreApi().deployments_get("project-1", "deployment-1").creation_date
print(type(created).__name__, created.tzinfo == datetime.timezone.utc)

# The official client prints:
#   datetime False
# This library prints:
#   datetime True
