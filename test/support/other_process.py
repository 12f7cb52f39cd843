"""Functions to run in another process, which receives a pickled client."""

from __future__ import annotations

from typing import Any


def call_there(client: Any) -> tuple[str, Any]:
    """Returns "value" and the result of a call, or the class and text of its error."""
    try:
        return "value", client.deployments_get("p", "d").name
    except Exception as error:
        return type(error).__name__, str(error)


def fail_there(client: Any) -> Any:
    """Raises an error that must be pickled on its way back."""
    return client.deployments_get("p", "d")


def call_with_token(client: Any, token: str) -> tuple[str, Any]:
    client.api_client.configuration.api_key["Authorization"] = token
    return call_there(client)
