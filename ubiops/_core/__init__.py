"""The logic of a call, without any I/O: no sockets, no sleeping and no urllib3."""

from __future__ import annotations
