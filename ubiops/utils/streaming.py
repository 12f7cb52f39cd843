"""Requests whose partial results arrive while they are processed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from ubiops._streaming import StreamCall, stream_call
from ubiops._waiting.polling import core_api_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Literal

    from ubiops.api.core_api import CoreApi
    from ubiops.api_client import ApiClient
    from ubiops.models import DeploymentRequestCreateResponse, PipelineRequestCreateResponse

__all__ = ["stream_deployment_request", "stream_pipeline_request"]


@overload
def stream_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 3600,
    full_response: Literal[False] = False,
) -> Generator[str, None, None]: ...
@overload
def stream_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 3600,
    full_response: bool = False,
) -> Generator[str | DeploymentRequestCreateResponse, None, None]: ...
def stream_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 3600,
    full_response: bool = False,
) -> Generator[Any, None, None]:
    """Sends a request to a deployment, and returns its partial results as they arrive.

    The connection is closed at the end, and when the loop over the results is left. The
    client waits for the next result as long as the request may take, even if its
    ``read_timeout`` is shorter.

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
        first one is asked for. ``close()`` ends it early.

    Raises:
        ubiops.StatusError: The request failed or was cancelled. Its ``resource`` is the
            request.
        ubiops.InvalidResponseError: The ended request is wanted, and the stream ended
            without it.
        ubiops.ApiException: The call failed.
        ubiops.ApiValueError: There is no input.

    Operations: ``deployment_requests_stream`` and
    ``deployment_version_requests_stream``.
    """
    api = core_api_of(client, "stream_deployment_request")
    names = (project_name, deployment_name)
    call = stream_call("deployment", names, version, data, timeout, api.api_client.configuration)
    yield from _results(api, call, full_response)


@overload
def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: Literal[False] = False,
) -> Generator[str, None, None]: ...
@overload
def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: bool = False,
) -> Generator[str | PipelineRequestCreateResponse, None, None]: ...
def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: bool = False,
) -> Generator[Any, None, None]:
    """Sends a request to a pipeline, and returns the partial results of its objects as
    they arrive.

    The connection is closed at the end, and when the loop over the results is left. The
    client waits for the next result as long as the request may take, even if its
    ``read_timeout`` is shorter.

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
        first one is asked for. ``close()`` ends it early.

    Raises:
        ubiops.StatusError: The request failed or was cancelled. Its ``resource`` is the
            request.
        ubiops.InvalidResponseError: The ended request is wanted, and the stream ended
            without it.
        ubiops.ApiException: The call failed.
        ubiops.ApiValueError: There is no input.

    Operations: ``pipeline_requests_stream`` and ``pipeline_version_requests_stream``.
    """
    api = core_api_of(client, "stream_pipeline_request")
    names = (project_name, pipeline_name)
    call = stream_call("pipeline", names, version, data, timeout, api.api_client.configuration)
    yield from _results(api, call, full_response)


def _results(api: CoreApi, call: StreamCall, full_response: bool) -> Generator[Any, None, None]:
    with getattr(api, call.method)(*call.arguments, **call.options) as stream:
        for event in stream:
            yield event.text
    request = call.end(stream.result, full_response=full_response)
    if full_response:
        yield request
