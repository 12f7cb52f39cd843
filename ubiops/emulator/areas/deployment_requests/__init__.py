"""The area deployment_requests: requests to deployments, direct, streaming and batch.

Other areas send requests through `api`, and learn of them through `events`.
"""

from __future__ import annotations
