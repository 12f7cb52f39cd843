"""Waiting | interrupted wait (Ctrl-C)"""

import json
import os
import signal
import threading

import ubiops
from replies import serving
from ubiops.utils import wait_for_revision

BUILDING = {
    "id": "revision-1",
    "version": "v1",
    "creation_date": "2024-05-12T16:15:11Z",
    "created_by": "user@example.com",
    "status": "building",
    "expired": False,
}
press = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
with serving(200, body=json.dumps(BUILDING).encode()):
    press.start()
    try:
        print(wait_for_revision(ubiops.ApiClient(), "project-1", "deployment-1", "v1", "revision-1", quiet=True))
    except KeyboardInterrupt:
        print("KeyboardInterrupt")
    press.join()

# The official client prints:
#   None
# This library prints:
#   KeyboardInterrupt
