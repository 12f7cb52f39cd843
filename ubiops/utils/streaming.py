"""Requests whose partial results arrive while they are processed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops._waiting.polling import core_api_of
from ubiops.exceptions import UbiOpsException
from ubiops.models import DeploymentRequestCreateResponse, PipelineRequestCreateResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.events import EventStream
    from ubiops.models._base import Model

__all__ = ["stream_deployment_request", "stream_pipeline_request"]


def stream_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 3600,
    full_response: bool = False,
) -> Iterator[Any]:
    """Sends a request to a deployment, and returns its partial results as they arrive.

    The connection is closed at the end, and when the loop over the results is left.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        deployment_name: The name of the deployment.
        version: The name of the version. Default: the default version.
        data: The input: a dict or a list of dicts for structured input, a string for
            plain input.
        timeout: Seconds after which the request fails. Default: 3600.
        full_response: Whether the ended request comes last, as a
            ``DeploymentRequestCreateResponse``. Default: False.

    Returns:
        An iterator over the partial results, as strings. The call is made when the
        first one is asked for.

    Raises:
        ubiops.exceptions.UbiOpsException: The request failed; or the call did, with an
            ``ubiops.ApiException``.
        ubiops.ApiValueError: There is no input.

    Operations: ``deployment_requests_stream`` and
    ``deployment_version_requests_stream``.
    """
    api = core_api_of(client, "stream_deployment_request")
    options: dict[str, Any] = {"timeout": timeout}
    if version is None:
        stream = api.deployment_requests_stream(project_name, deployment_name, data, **options)
    else:
        stream = api.deployment_version_requests_stream(project_name, deployment_name, version, data, **options)
    yield from _results(stream, DeploymentRequestCreateResponse if full_response else None)


def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: bool = False,
) -> Iterator[Any]:
    """Sends a request to a pipeline, and returns the partial results of its objects as
    they arrive.

    The connection is closed at the end, and when the loop over the results is left.

    Args:
        client: The client that makes the calls: an ``ApiClient`` or a ``CoreApi``.
        project_name: The name of the project.
        pipeline_name: The name of the pipeline.
        version: The name of the version. Default: the default version.
        data: The input: a dict or a list of dicts for structured input, a string for
            plain input.
        timeout: Seconds after which the request fails. Default: 7200.
        full_response: Whether the ended request comes last, as a
            ``PipelineRequestCreateResponse``. Default: False.

    Returns:
        An iterator over the partial results, as strings. The call is made when the
        first one is asked for.

    Raises:
        ubiops.exceptions.UbiOpsException: The request failed; or the call did, with an
            ``ubiops.ApiException``.
        ubiops.ApiValueError: There is no input.

    Operations: ``pipeline_requests_stream`` and ``pipeline_version_requests_stream``.
    """
    api = core_api_of(client, "stream_pipeline_request")
    options: dict[str, Any] = {"timeout": timeout}
    if version is None:
        stream = api.pipeline_requests_stream(project_name, pipeline_name, data, **options)
    else:
        stream = api.pipeline_version_requests_stream(project_name, pipeline_name, version, data, **options)
    yield from _results(stream, PipelineRequestCreateResponse if full_response else None)


def _results(stream: EventStream, model: type[Model] | None) -> Iterator[Any]:
    with stream:
        for event in stream:
            yield event.text
    result = stream.result or {}
    if result.get("error_message"):
        raise UbiOpsException(f"Request failed with error message: {result['error_message']}")
    if model is not None:
        yield model.from_dict(result)
