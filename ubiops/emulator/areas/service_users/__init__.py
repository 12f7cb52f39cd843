"""The area service users: accounts of programs, with tokens of their own.

A token of a service user is accepted besides those that the emulator was started with.
"""

from __future__ import annotations

EMULATED = """
Tokens of service users are accepted besides those of the emulator until they expire by
its clock, whatever roles the service user has.
"""
