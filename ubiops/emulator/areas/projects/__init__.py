"""The area projects.

Projects, their users, variables, quotas, counts, audit events and logs.
"""

from __future__ import annotations
