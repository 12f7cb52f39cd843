"""The metrics of the platform.

Their names are documented; types, units and labels are partly guesses.
"""

from __future__ import annotations

from typing import Any

_CREATED = "2023-06-01T00:00:00.000000Z"
# Own metrics have larger numbers.
FIRST_OWN_ID = 1000
_OF_DEPLOYMENTS = (
    ("requests", "delta", "requests"),
    ("failed_requests", "delta", "requests"),
    ("request_duration", "gauge", "seconds"),
    ("input_volume", "delta", "bytes"),
    ("output_volume", "delta", "bytes"),
    ("network_in", "delta", "bytes"),
    ("network_out", "delta", "bytes"),
    ("queue_size", "gauge", "requests"),
    ("queue_time", "gauge", "seconds"),
    ("memory_utilization", "gauge", "bytes"),
    ("instances", "gauge", "instances"),
    ("credits", "delta", "credits"),
)
_OF_PIPELINES = (
    ("requests", "delta", "requests"),
    ("failed_requests", "delta", "requests"),
    ("request_duration", "gauge", "seconds"),
    ("input_volume", "delta", "bytes"),
    ("output_volume", "delta", "bytes"),
    ("object_requests", "delta", "requests"),
    ("object_failed_requests", "delta", "requests"),
)


def _metrics() -> list[dict[str, Any]]:
    groups = (("deployment", _OF_DEPLOYMENTS), ("pipeline", _OF_PIPELINES))
    named = [
        (f"{kind}s.{name}", metric_type, unit, f"{kind}_version_id")
        for kind, metrics in groups
        for name, metric_type, unit in metrics
    ]
    return [
        {
            "id": number,
            "name": name,
            "description": "",
            "creation_date": _CREATED,
            "last_updated": _CREATED,
            "custom": False,
            "metric_type": metric_type,
            "unit": unit,
            "labels": [label],
        }
        for number, (name, metric_type, unit, label) in enumerate(named, 1)
    ]


METRICS = {one["name"]: one for one in _metrics()}
