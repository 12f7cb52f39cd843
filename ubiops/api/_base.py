"""The base of the classes that hold the methods of an area of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops.api_client import ApiClient
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Api:
    """The base of the classes that hold the methods of an area of the API.

    Args:
        api_client: The client that makes the calls. Default: a new one from the default configuration.
    """

    def __init__(self, api_client: ApiClient | None = None) -> None:
        if api_client is not None and not isinstance(api_client, ApiClient):
            raise ApiTypeError(
                f"{type(self).__name__} takes an ApiClient, got {type(api_client).__name__}; "
                "a configuration goes into one: ubiops.ApiClient(configuration)"
            )
        self.api_client = api_client if api_client is not None else ApiClient()

    def close(self) -> None:
        """Closes the client's connections."""
        self.api_client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {getattr(self, 'api_client', None)!r}>"
