"""Paths that control the emulator itself, for any language: ``/_emulator/...``."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ubiops._version import __version__
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import extra_route
from ubiops.emulator.core.paths import CONTROL
from ubiops.emulator.core.validation import JSON, RequestValidator, Schema
from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import RequestContext

_CLOCK = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"advance": {"type": "number"}, "freeze": {"type": "boolean"}, "resume": {"type": "boolean"}},
}


@extra_route("GET", path=f"{CONTROL}health", authorized=False)
def health(context: RequestContext) -> dict[str, str]:
    """Responds as soon as the emulator accepts calls."""
    return {"status": "ok", "version": __version__}


@extra_route("GET", path=f"{CONTROL}clock")
def show_clock(context: RequestContext) -> dict[str, Any]:
    """Shows the time by the emulator's clock."""
    return _clock(context.backend)


@extra_route("POST", path=f"{CONTROL}clock", body="json", slow=True)
def change_clock(context: RequestContext) -> dict[str, Any]:
    """Freezes, advances or resumes the clock, in this order."""
    clock, body = context.backend.clock, _clock_validator().read_body(context.body)
    if not any(body.values()) and "advance" not in body:
        raise bad_request("one of these is needed: advance, freeze, resume")
    if body.get("freeze"):
        clock.freeze()
    if "advance" in body:
        try:
            clock.advance(body["advance"])
        except ApiValueError as error:
            raise bad_request(f"advance: {error}") from error
    if body.get("resume"):
        clock.resume()
    return _clock(context.backend)


@extra_route("POST", path=f"{CONTROL}reset", slow=True, status=204)
def reset(context: RequestContext) -> None:
    """Discards the whole state."""
    context.backend.reset()


@extra_route("GET", path=f"{CONTROL}faults")
def list_faults(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the failures that may still happen."""
    return context.backend.faults.list()


@extra_route("POST", path=f"{CONTROL}faults", body="json", status=201)
def add_fault(context: RequestContext) -> dict[str, Any]:
    """Adds a failure."""
    return asdict(context.backend.faults.add_from(context.body))


@extra_route("DELETE", path=f"{CONTROL}faults", status=204)
def clear_faults(context: RequestContext) -> None:
    """Removes all failures."""
    context.backend.faults.clear()


@functools.cache
def _clock_validator() -> RequestValidator:
    return RequestValidator(JSON, Schema(_CLOCK), None, ())


def _clock(backend: Backend) -> dict[str, Any]:
    return {"now": in_microseconds(backend.clock.now()), "frozen": backend.clock.is_frozen}
