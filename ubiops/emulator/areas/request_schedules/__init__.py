"""The area request_schedules: batch requests that are sent at set times."""

from __future__ import annotations
