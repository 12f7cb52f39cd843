"""What the official client has and this one does not, for error messages.

Made by `python test/support/not_covered.py`. Do not edit.
"""

from __future__ import annotations

METHODS: dict[str, str] = {}
MODELS: frozenset[str] = frozenset(
    (
        "Training",
        "training",
    )
)
UTILS: frozenset[str] = frozenset(
    (
        "MetricClient",
        "StreamLogs",
        "wait_for_deployment_request",
        "wait_for_deployment_version_request",
        "wait_for_environment",
        "wait_for_experiment",
        "wait_for_experiment_run",
        "wait_for_export",
        "wait_for_import",
        "wait_for_pipeline_request",
        "wait_for_pipeline_version_request",
    )
)
