"""Streamed requests with the async client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from ubiops._streaming import StreamCall, stream_call
from ubiops.aio._helpers import async_api_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Literal

    from ubiops.aio.client import ApiClient
    from ubiops.aio.core_api import CoreApi
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
) -> AsyncGenerator[str, None]: ...
@overload
def stream_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 3600,
    full_response: bool = False,
) -> AsyncGenerator[str | DeploymentRequestCreateResponse, None]: ...
async def stream_deployment_request(
    client: ApiClient | CoreApi,
    project_name: str,
    deployment_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 3600,
    full_response: bool = False,
) -> AsyncGenerator[Any, None]:
    """Sends a request to a deployment, and returns its partial results as they arrive.

    Arguments, results and errors are those of
    ``ubiops.utils.stream_deployment_request``. Iterate over it with ``async for``. If
    you leave the loop early, close the iterator with ``aclose()``, or use
    ``contextlib.aclosing``; else the connection is closed when Python finds that the
    iterator is not used any more.
    """
    api = async_api_of(client, "stream_deployment_request")
    names = (project_name, deployment_name)
    call = stream_call("deployment", names, version, data, timeout, api.api_client.configuration)
    async for result in _results(api, call, full_response):
        yield result


@overload
def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: Literal[False] = False,
) -> AsyncGenerator[str, None]: ...
@overload
def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: bool = False,
) -> AsyncGenerator[str | PipelineRequestCreateResponse, None]: ...
async def stream_pipeline_request(
    client: ApiClient | CoreApi,
    project_name: str,
    pipeline_name: str,
    version: str | None = None,
    data: Any = None,
    timeout: int | None = 7200,
    full_response: bool = False,
) -> AsyncGenerator[Any, None]:
    """Sends a request to a pipeline, and returns the partial results of its
    objects as they arrive.

    Arguments, results and errors are those of
    ``ubiops.utils.stream_pipeline_request``. Iterate over it with ``async for``. If you
    leave the loop early, close the iterator with ``aclose()``, or use
    ``contextlib.aclosing``; else the connection is closed when Python finds that the
    iterator is not used any more.
    """
    api = async_api_of(client, "stream_pipeline_request")
    names = (project_name, pipeline_name)
    call = stream_call("pipeline", names, version, data, timeout, api.api_client.configuration)
    async for result in _results(api, call, full_response):
        yield result


async def _results(api: CoreApi, call: StreamCall, full_response: bool) -> AsyncGenerator[Any, None]:
    async with await getattr(api, call.method)(*call.arguments, **call.options) as stream:
        async for event in stream:
            yield event.text
    request = call.end(stream.result, full_response=full_response)
    if full_response:
        yield request
