"""Runs uploaded code in worker processes.

From the outside in: `service` joins the parts to one emulator; `runner` has a `pool` of
instances for each version; `host` runs one package in one process, without knowing an
emulator; `process` talks to that process; and `worker` is the script that runs in it.
"""

from __future__ import annotations
