"""The prepared responses and request bodies of all contestants."""

from __future__ import annotations

import json
from typing import Any

PROJECT = "bench"
DEPLOYMENT: dict[str, Any] = {
    "name": "image-classifier",
    "description": "Classifies photographs of plants",
    "input_type": "structured",
    "output_type": "structured",
    "input_fields": [{"name": "photo", "data_type": "file"}, {"name": "threshold", "data_type": "double"}],
    "output_fields": [{"name": "label", "data_type": "string"}, {"name": "probability", "data_type": "double"}],
    "labels": {"team": "vision", "stage": "production"},
}
REVISION = {
    "success": True,
    "revision": "7ead8a18-c1d2-4751-80d2-d8e0e0e2fed6",
    "build": "7ead8a18-c1d2-4751-80d2-d8e0e0e2fed6",
}


def _id(index: int) -> str:
    return f"49d857fd-39ca-48db-9547-{index:012x}"


def deployment(index: int) -> dict[str, Any]:
    """Returns a deployment as the API lists it."""
    return {
        "id": _id(index),
        **DEPLOYMENT,
        "name": f"image-classifier-{index}",
        "project": PROJECT,
        "creation_date": "2024-05-12T16:15:11.200+00:00",
        "last_updated": "2024-06-22T18:04:15.123456+00:00",
    }


def deployment_detail() -> dict[str, Any]:
    """Returns a single deployment, whose fields have empty widgets."""
    fields = {
        name: [{**field, "widget": {}} for field in DEPLOYMENT[name]] for name in ("input_fields", "output_fields")
    }
    return {**deployment(0), **fields, "default_version": "v1"}


def version(index: int) -> dict[str, Any]:
    """Returns a version as the API lists it: 26 fields, two of them dates."""
    return {
        "id": _id(index),
        "deployment": "image-classifier",
        "version": f"v{index}",
        "default": False,
        "description": f"Trained on data set {index}",
        "environment": "python3-11",
        "environment_display_name": "Python 3.11",
        "status": "available",
        "active_revision": _id(index + 1),
        "latest_revision": _id(index + 2),
        "maximum_instances": 5,
        "minimum_instances": 0,
        "maximum_idle_time": 300,
        "labels": {"team": "vision", "stage": "production"},
        "creation_date": "2024-05-12T16:15:11.200+00:00",
        "last_updated": "2024-06-22T18:04:15.123456+00:00",
        "request_retention_time": 604800,
        "request_retention_mode": "full",
        "maximum_queue_size_express": 100,
        "maximum_queue_size_batch": 100000,
        "static_ip": False,
        "restart_request_interruption": False,
        "ports": [],
        "instance_type": "512mb",
        "scaling_strategy": "default",
        "instance_processes": 1,
    }


def version_detail(index: int) -> dict[str, Any]:
    """Returns a single version: 31 fields, three of them dates."""
    return {
        **version(index),
        "instance_type_group_id": _id(index + 3),
        "instance_type_group_name": "512 MB + 0.125 vCPU",
        "last_file_upload": "2024-06-22T18:04:15.123456+00:00",
        "has_request_method": True,
        "has_requests_method": False,
    }


INPUT: dict[str, Any] = {"photo": "ubiops-file://default/photo.jpg", "threshold": 0.5}
BATCH = [{**INPUT, "threshold": index / 250} for index in range(250)]
EVENTS = 1_000


def request(index: int) -> dict[str, Any]:
    """Returns a request as the API lists it."""
    return {
        "id": _id(index),
        "deployment": "image-classifier",
        "version": "v1",
        "status": "completed",
        "success": True,
        "time_created": "2024-05-12T16:15:11.200+00:00",
        "time_started": "2024-05-12T16:15:12.300+00:00",
        "time_completed": "2024-05-12T16:15:13.400+00:00",
        "input_size": 68,
        "output_size": 42,
        "origin": {"created_by": "user@example.com", "type": "deployment"},
    }


def request_result() -> dict[str, Any]:
    """Returns the response to a direct request."""
    result = {"label": "oak", "probability": 0.93}
    return {
        **{key: value for key, value in request(0).items() if key not in ("input_size", "output_size", "origin")},
        "error_message": None,
        "result": result,
    }


def request_created(index: int) -> dict[str, Any]:
    """Returns a request of a batch as the API responds with it."""
    return {
        "id": _id(index),
        "deployment": "image-classifier",
        "version": "v1",
        "status": "pending",
        "time_created": "2024-05-12T16:15:11.200+00:00",
    }


def events() -> list[bytes]:
    """Returns the parts of a stream: updates, and the request at its end."""
    updates = [b"event: update\ndata:token %d\n\n" % index for index in range(EVENTS)]
    return [*updates, dump(request_result()) + b"\n"]


def dump(value: Any) -> bytes:
    """Returns a value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()
