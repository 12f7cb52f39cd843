"""Waiting for exports and imports of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._waiting.polling import Wait

if TYPE_CHECKING:
    from ubiops._waiting.polling import WaitOptions
    from ubiops._waiting.steps import Steps
    from ubiops.api.core_api import CoreApi
    from ubiops.models import ExportDetail, ImportDetail


def export(api: CoreApi, options: WaitOptions, project_name: str, export_id: str) -> Steps[ExportDetail]:
    """Waits for an export, as ``wait_for_export`` does."""
    __tracebackhide__ = True
    wait = Wait("wait_for_export", api, options, project_name=project_name, export_id=export_id)
    return (
        yield from wait.poll(
            lambda limit: api.exports_get(project_name, export_id, _request_timeout=limit),
            label=f"export {export_id}",
        )
    )


def import_(api: CoreApi, options: WaitOptions, project_name: str, import_id: str) -> Steps[ImportDetail]:
    """Waits for an import, as ``wait_for_import`` does."""
    __tracebackhide__ = True
    wait = Wait("wait_for_import", api, options, project_name=project_name, import_id=import_id)
    return (
        yield from wait.poll(
            lambda limit: api.imports_get(project_name, import_id, _request_timeout=limit),
            label=f"import {import_id}",
        )
    )
