"""Helpers for tasks that take several calls, built on ``CoreApi``."""

from __future__ import annotations

from ubiops.utils.waiting import wait_for_deployment_version, wait_for_revision

__all__ = ["wait_for_deployment_version", "wait_for_revision"]
