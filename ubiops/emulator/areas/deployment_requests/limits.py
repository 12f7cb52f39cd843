"""Limits of requests, and what is only a guess about them."""

from __future__ import annotations

from typing import NamedTuple

from ubiops.emulator.core.errors import bad_request

# Requests in one call: created as a batch, collected, cancelled or deleted.
MAXIMUM_REQUESTS = 250
# Requests in one response of a list.
MAXIMUM_LISTED = 50
# The priority of a request that names none. 0 goes before it.
STANDARD_PRIORITY = 1
# A guess: how often a batch request runs again after its instance died, if the version
# restarts interrupted requests. Code that always kills its instance would run for ever.
MAXIMUM_RESTARTS = 3
# Larger inputs and outputs are stored as files, others in the database.
MAXIMUM_INLINE = 100_000
# How often requests whose retention time is over are deleted, in seconds by the
# emulator's clock. They are invisible before that. The platform takes up to an hour.
SWEEP_INTERVAL = 600.0
# Updates of a stream that wait for a slow client, in characters. Further ones are
# dropped, and the log says so; the final response is complete.
MAXIMUM_WAITING_UPDATES = 64 * 1024 * 1024


class Timeout(NamedTuple):
    """The timeout of a kind of requests: default and minimum, in seconds.

    The maximum is in the API's description.
    """

    default: int
    minimum: int

    def check(self, seconds: int | None) -> int:
        """Returns the timeout to use.

        Raises:
            ApiError: It is too short.
        """
        if seconds is None:
            return self.default
        if seconds < self.minimum:
            raise bad_request(f"timeout must be {self.minimum} or more, not {seconds}")
        return seconds


EXPRESS_TIMEOUT = Timeout(default=300, minimum=10)
BATCH_TIMEOUT = Timeout(default=14400, minimum=10)
