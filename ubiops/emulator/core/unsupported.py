"""Why the emulator doesn't support some operations. The documentation shows it too."""

from __future__ import annotations

REASONS = {
    "organizations_usage_get": "nothing costs credits in the emulator, so there is no usage to report",
    "projects_usage_get": "nothing costs credits in the emulator, so there is no usage to report",
    "project_events_list": (
        "which events the platform records is not documented; logs_list, builds_list and instance_events_list "
        "return what the emulator knows"
    ),
    "vouchers_get": "vouchers pay for subscriptions, which the emulator doesn't have",
    "user_delete": "whoever holds a token is the same user, who can't be deleted",
}
"""The reasons by operation."""
