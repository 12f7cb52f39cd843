"""The base class of the areas of the API."""

from __future__ import annotations

from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ubiops.api_client import ApiClient
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TypeVar

    # Not typing.Self, which jedi takes for this class and not for the class of the
    # object.
    _Self = TypeVar("_Self", bound="Api")

_TWIN = "_with_http_info"


class Api:
    """The base class of the areas of the API.

    Args:
        api_client: The client that makes the calls. Default: a new one with the default
            configuration.
    """

    def __init_subclass__(cls, *, generated: bool = False) -> None:
        """Adds the twin ``NAME_with_http_info`` of each method to a generated class."""
        super().__init_subclass__()
        if generated:
            for name, method in list(vars(cls).items()):
                if isinstance(method, FunctionType):
                    setattr(cls, f"{name}{_TWIN}", _twin(method))

    def __init__(self, api_client: ApiClient | None = None) -> None:
        if api_client is not None and not isinstance(api_client, ApiClient):
            raise ApiTypeError(
                f"{type(self).__name__} takes an ApiClient, got {type(api_client).__name__}; "
                "pass a configuration to the client: ubiops.ApiClient(configuration)"
            )
        self.api_client = api_client if api_client is not None else ApiClient()

    def close(self) -> None:
        """Closes the client's connections."""
        self.api_client.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {getattr(self, 'api_client', None)!r}>"


def _twin(method: FunctionType) -> Any:
    """Returns the method that takes the same arguments and returns (data, status,
    headers).
    """

    def call(self: Api, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        options.setdefault("_return_http_data_only", False)
        return method(self, *arguments, **options)

    # `inspect.signature` and `help` follow `__wrapped__`, so that it must show what the
    # twin returns.
    shown = FunctionType(
        method.__code__, method.__globals__, f"{method.__name__}{_TWIN}", method.__defaults__, method.__closure__
    )
    shown.__kwdefaults__ = method.__kwdefaults__
    shown.__annotations__ = {
        **method.__annotations__,
        "return": f"tuple[{method.__annotations__['return']}, int, Mapping[str, str]]",
    }
    shown.__doc__ = f"Like ``{method.__name__}``, but returns (data, status, headers)."
    shown.__module__, shown.__qualname__ = method.__module__, f"{method.__qualname__}{_TWIN}"
    return wraps(shown)(call)
