"""Lists the audit events of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.pipelines.lookup import find_pipeline
from ubiops.emulator.core import audit
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("pipeline_audit_events_list")
def list_events(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the events of a pipeline and its versions, newest first."""
    with context.reading() as db:
        return audit.list_events(db, context, "pipeline", find_pipeline(db, context)["pk"])
