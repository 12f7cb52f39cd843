"""Streamed requests: the call to make, and what its end means. Nothing here sends
anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.exceptions import InvalidResponseError, StatusError

if TYPE_CHECKING:
    from ubiops.configuration import Configuration
    from ubiops.models._base import Model

_MARGIN = 30.0
"""Seconds after its timeout within which the API must have ended a request."""
_FAILED = ("cancelled", "failed")


class StreamCall(NamedTuple):
    """A streamed request."""

    method: str
    """The name of the method of ``CoreApi``."""
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    kind: str
    """``deployment`` or ``pipeline``."""

    def end(self, result: Any, *, full_response: bool) -> Model | None:
        """Takes the request as it was when it ended, which is the end of the stream.

        Args:
            result: The JSON object; None if the stream ended without one.
            full_response: Whether it is wanted.

        Returns:
            The request; None if there is none.

        Raises:
            ubiops.StatusError: The request failed.
            ubiops.InvalidResponseError: It is wanted, and there is none.
        """
        if not result:
            if full_response:
                raise InvalidResponseError(
                    200,
                    f"the stream ended without the {self.kind} request, so that it is not known whether it succeeded",
                )
            return None
        from ubiops import models

        model = (
            models.PipelineRequestCreateResponse if self.kind == "pipeline" else models.DeploymentRequestCreateResponse
        )
        found: Model = model.from_dict(result)
        message, status = result.get("error_message"), result.get("status")
        if message or status in _FAILED:
            project, name, *version = self.arguments[:-1]
            raise StatusError(
                "Request failed with error message" if message else f"Request {status}",
                status=status or "failed",
                message=str(message) if message else None,
                resource=found,
                project_name=project,
                deployment_name=name if self.kind == "deployment" else None,
                version=version[0] if version else None,
            )
        return found


def stream_call(
    kind: str, names: tuple[Any, Any], version: Any, data: Any, timeout: Any, settings: Configuration
) -> StreamCall:
    """Returns the call of a streamed request.

    Args:
        kind: ``deployment`` or ``pipeline``.
        names: The names of the project and of the deployment or pipeline.
        version: The name of the version; None for the default version.
        data: The input.
        timeout: Seconds after which the request fails.
        settings: The client's settings.
    """
    options: dict[str, Any] = {"timeout": timeout}
    read = settings.read_timeout
    if read is not None and isinstance(timeout, (int, float)) and timeout > 0:
        # Nothing may arrive for as long as the request takes.
        options["_request_timeout"] = (settings.connect_timeout, max(read, timeout + _MARGIN))
    if version is None:
        return StreamCall(f"{kind}_requests_stream", (*names, data), options, kind)
    return StreamCall(f"{kind}_version_requests_stream", (*names, version, data), options, kind)
