"""Errors that become responses, and errors of the start: data folder, address."""

from __future__ import annotations

import errno

from ubiops.emulator.core.unsupported import REASONS
from ubiops.exceptions import UbiOpsException

# The platform's status for a name that is already in use is not documented. All areas
# use this one.
NAME_TAKEN = 409


class ApiError(Exception):
    """A request that can't be served.

    The response has this status and the body ``{"error": message}``.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = headers


class EmulatorError(UbiOpsException):
    """The base of the errors that starting, using and stopping an emulator raises."""


class StartError(EmulatorError, RuntimeError):
    """The emulator can't be started."""


class StoppedError(EmulatorError, RuntimeError):
    """The emulator has been stopped."""

    def __init__(self, message: str = "the emulator has been stopped") -> None:
        super().__init__(message)


class FolderError(EmulatorError, RuntimeError):
    """The data folder can't be used. The message says why and what to do."""


class AddressError(EmulatorError, OSError):
    """The address can't be used. The message says why and what to do."""

    def __init__(self, number: int | None, message: str) -> None:
        super().__init__(number, message)

    def __str__(self) -> str:
        # OSError would put the number in front.
        return f"{self.strerror}; choose another port, or 0 for a free one" if self.in_use else str(self.strerror)

    @property
    def in_use(self) -> bool:
        """Whether another program uses the port, or the system reserves it."""
        return self.errno in (errno.EADDRINUSE, errno.EACCES)


def bad_request(message: str) -> ApiError:
    """Returns the error for a request that breaks a rule."""
    return ApiError(400, message)


def not_found(kind: str) -> ApiError:
    """Returns the error for an object that doesn't exist where the path says."""
    return ApiError(404, f"{kind} was not found")


def name_taken(kind: str, name: str, owner: str) -> ApiError:
    """Returns the error for a unique name that is already in use."""
    return ApiError(NAME_TAKEN, f"{kind} {name!r} already exists in {owner}")


def not_supported(operation_id: str) -> ApiError:
    """Returns the error for an operation that the emulator doesn't implement."""
    reason = REASONS.get(operation_id)
    return ApiError(501, f"The emulator does not support the operation {operation_id}{f': {reason}' if reason else ''}")
