"""The class with all methods of the API, to be awaited."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ubiops._core.redact import redact
from ubiops.aio.client import ApiClient
from ubiops.api._base import check_arguments
from ubiops.api.core_api import CoreApi as _BlockingApi
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class _Awaited:
    """Common base of ``CoreApi`` and its areas."""

    def __init__(
        self,
        api_client: ApiClient | None = None,
        *,
        token: str | None = None,
        host: str | None = None,
        project: str | None = None,
        **unknown: Any,
    ) -> None:
        token, host = redact(token), redact(host)
        settings = {"token": token, "host": host, "project": project}
        check_arguments(type(self), api_client, ApiClient, settings, unknown)
        self.api_client: Any = (
            api_client if api_client is not None else ApiClient(token=token, host=host, project=project)
        )

    async def close(self) -> None:
        """Waits for running calls, then closes the client's connections."""
        await self.api_client.close()

    async def aclose(self) -> None:
        """Does the same as ``close``."""
        await self.api_client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        raise ApiTypeError(f"the async {type(self).__name__} requires 'async with' instead of 'with'")

    def __exit__(self, *error: object) -> None: ...


# The methods are those of the areas: they return what the client's execute returns,
# which here is a coroutine. The class is not a kind of the blocking one, whose users
# don't await.
class CoreApi(_Awaited, *_BlockingApi.__bases__):  # type: ignore[misc]
    """All methods of the API, one for each of its operations, to be awaited.

    Use it with ``async with``, or await ``close()``. Each method has a twin
    ``NAME_with_http_info``, which returns (data, status, headers). Each area is an
    attribute as well, with the methods of that area.

    Args:
        api_client: The client that makes the calls. Default: a new one, which reads the
            address and the token from ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN``.
        token: The API token of a new client.
        host: The address of a new client.
        project: The default ``project_name`` of every call. Default: none.

    Raises:
        ubiops.ApiTypeError: ``api_client`` is something else, such as a blocking
            client, or is given beside its settings; or there is no such argument.
    """


@cache
def _awaited(area: type[Any]) -> type[Any]:
    """Returns the class of an area whose methods are awaited."""
    return type(area.__name__, (_Awaited, area), {"__module__": __name__, "__doc__": area.__doc__})


def _property(area: type[Any]) -> property:
    return property(lambda self: _awaited(area)(self.api_client), doc="The methods of this area alone.")


for _area in _BlockingApi.__bases__:
    setattr(CoreApi, _area.__module__.rpartition(".")[2], _property(_area))
