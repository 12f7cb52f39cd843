"""The area pipeline_requests.

Requests to pipelines: direct, streamed and batch, and the requests to deployments,
operators and other pipelines that they consist of.
"""

from __future__ import annotations
