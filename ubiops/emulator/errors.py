"""The refusals that the API answers with, and the words that it has for them."""

from __future__ import annotations

# Which status stands for a name that exists already is not documented; here it is chosen, for all kinds of objects.
NAME_TAKEN = 409


class ApiError(Exception):
    """A request that can't be served: becomes an answer with this status and ``{"error": message}``."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = headers


class FolderError(RuntimeError):
    """The data folder can't be used; the text says why and what to do."""


def bad_request(message: str) -> ApiError:
    """A request that breaks a rule."""
    return ApiError(400, message)


def not_found(kind: str) -> ApiError:
    """Something that does not exist, or not in the place that was named."""
    return ApiError(404, f"{kind} was not found")


def name_taken(kind: str, name: str, owner: str) -> ApiError:
    """A name that has to be unique and is in use."""
    return ApiError(NAME_TAKEN, f"{kind} {name!r} exists already in {owner}")


DEPLOYMENT = "Deployment"
VERSION = "Deployment version"
REVISION = "Revision"
BUILD = "Build"
VARIABLE = "Environment variable"
TEMPLATE = "Template deployment"
UNAVAILABLE_DEFAULT = "Default cannot be set to an unavailable version"
