"""The area webhooks: HTTP calls that are made when requests start or end."""

from __future__ import annotations
