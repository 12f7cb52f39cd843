"""Lists the audit events of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.lookup import find_deployment
from ubiops.emulator.core import audit
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("deployment_audit_events_list")
def list_events(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the events of a deployment and its parts, newest first."""
    with context.reading() as db:
        return audit.list_events(db, context, "deployment", find_deployment(db, context)["pk"])
