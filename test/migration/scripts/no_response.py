"""Calls | timeouts by default"""

import socket

import ubiops
from replies import serving

timeouts = []
connect = socket.socket.connect


def record(self, address):
    timeouts.append(self.gettimeout())
    return connect(self, address)


socket.socket.connect = record
try:
    with serving(200):
        ubiops.CoreApi().deployments_list("project-1")
finally:
    socket.socket.connect = connect
print([timeout and round(timeout) for timeout in timeouts])

# The official client prints:
#   [None]
# This library prints:
#   [10]
