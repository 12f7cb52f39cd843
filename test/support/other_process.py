"""What runs on the other side when a client is sent to another process."""

from __future__ import annotations

from typing import Any


def call_there(client: Any) -> tuple[str, Any]:
    """What came of a call: "value" and the value, or the error's class and text."""
    try:
        return "value", client.deployments_get("p", "d").name
    except Exception as error:
        return type(error).__name__, str(error)


def fail_there(client: Any) -> Any:
    """An error that has to travel back."""
    return client.deployments_get("p", "d")


def call_with_token(client: Any, token: str) -> tuple[str, Any]:
    client.api_client.configuration.api_key["Authorization"] = token
    return call_there(client)
