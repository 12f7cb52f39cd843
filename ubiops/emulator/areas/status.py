"""The status of the API, which is that of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("service_status")
def show_status(context: RequestContext) -> dict[str, str]:
    """Reports that the emulator responds."""
    return {"status": "ok", "reason": "The emulator is running"}
