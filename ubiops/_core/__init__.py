"""What a call is, decided without any I/O: no socket, no clock, no sleep, no urllib3."""

from __future__ import annotations
