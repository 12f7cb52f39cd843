"""The area deployments.

Deployments, their versions, revisions, builds, environment variables and audit events,
and template deployments.
"""

from __future__ import annotations
