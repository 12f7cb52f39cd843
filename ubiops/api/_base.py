"""The base class of the areas of the API."""

from __future__ import annotations

import sys
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ubiops._core.redact import redact, redact_items
from ubiops.api_client import ApiClient
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TypeVar

    from typing_extensions import Never

    # Not typing.Self, which jedi takes for this class and not for the class of the
    # object.
    _Self = TypeVar("_Self", bound="Api")

_TWIN = "_with_http_info"


class Api:
    """The base class of the areas of the API.

    Args:
        api_client: The client that makes the calls. Default: a new one with the default
            configuration.
        token: The API token of a new client. Default: the variable ``UBIOPS_API_TOKEN``.
        host: The address of a new client. Default: the variable ``UBIOPS_API_HOST``, else
            ``https://api.ubiops.com/v2.1``.
        project: The default ``project_name`` of every call. Default: none.

    Raises:
        ubiops.ApiTypeError: ``api_client`` is something else, such as a configuration, or is
            given beside its settings; or there is no such argument.
    """

    def __init_subclass__(cls, *, generated: bool = False) -> None:
        """Adds the twin ``NAME_with_http_info`` of each method to a generated class."""
        super().__init_subclass__()
        if generated:
            for name, method in list(vars(cls).items()):
                if isinstance(method, FunctionType):
                    setattr(cls, f"{name}{_TWIN}", _Twin(cls, method))

    def __init__(
        self,
        api_client: ApiClient | None = None,
        *,
        token: str | None = None,
        host: str | None = None,
        project: str | None = None,
        **unknown: Never,
    ) -> None:
        token, host = redact(token), redact(host)
        settings = {"token": token, "host": host, "project": project}
        check_arguments(type(self), api_client, ApiClient, settings, unknown)
        self.api_client = api_client if api_client is not None else ApiClient(token=token, host=host, project=project)

    def _unnamed(self, extra: tuple[Any, ...]) -> ApiTypeError:
        """Returns the error for values that a method was given by position, and that
        must be named.
        """
        from ubiops._core.suggestions import unnamed

        return unnamed(sys._getframe(1).f_code, extra)

    def close(self) -> None:
        """Closes the client's connections."""
        self.api_client.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    if not TYPE_CHECKING:
        # Hidden from type checkers, which would take these to mean that every name exists, and
        # that ``async with`` works.
        def __getattr__(self, name: str) -> Any:
            from ubiops._signposts import missing_method

            raise missing_method(type(self), name)

        async def __aenter__(self) -> Any:
            raise ApiTypeError(
                f"ubiops.{type(self).__name__} is the blocking client: use 'with', "
                "or 'async with ubiops.aio.CoreApi(...)' and await its methods"
            )

        async def __aexit__(self, *error: object) -> None: ...

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {getattr(self, 'api_client', None)!r}>"


def check_arguments(
    cls: type, api_client: object, client_class: type, settings: dict[str, Any], unknown: dict[str, Any]
) -> None:
    """Checks the arguments of the constructor of an area or of ``CoreApi``.

    Raises:
        ubiops.ApiTypeError: The client is something else, or is given beside its settings;
            or an argument is unknown.
    """
    place = "ubiops.aio" if client_class is not ApiClient else "ubiops"
    if unknown:
        name = redact_items(unknown) and next(iter(unknown))
        unknown.clear()
        from ubiops._core.suggestions import suggest
        from ubiops.configuration import _SETTINGS

        hint = suggest(name, ("api_client", *settings), otherwise="it accepts")
        if name in _SETTINGS:
            hint = f"set it in a configuration: {place}.{cls.__name__}({place}.ApiClient(ubiops.Configuration({name}=...)))"
        raise ApiTypeError(f"{cls.__name__}() got an unexpected keyword argument {name!r}; {hint}")
    if api_client is not None and not isinstance(api_client, client_class):
        kind = type(api_client).__name__
        if kind == "ApiClient":
            kind = f"{type(api_client).__module__.replace('.api_client', '').replace('.client', '')}.{kind}"
        hint = (
            "pass a token as token='...'"
            if isinstance(api_client, str)
            else (f"pass a configuration to the client: {place}.ApiClient(configuration)")
        )
        raise ApiTypeError(f"the client of {place}.{cls.__name__} must be a {place}.ApiClient, got {kind}; {hint}")
    if api_client is not None and any(value is not None for value in settings.values()):
        raise ApiTypeError(
            f"pass {place}.{cls.__name__} either a client, or {', '.join(settings)}: "
            "set them in the configuration of the client"
        )


class _Twin:
    """The twin of a method, made when it is first used.

    Making those of all methods would take most of the time of a first call that is not
    needed for the call itself.
    """

    def __init__(self, owner: type, method: FunctionType) -> None:
        self._owner = owner
        self._method = method

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        twin = _twin(self._method)
        setattr(self._owner, f"{self._method.__name__}{_TWIN}", twin)
        return twin.__get__(instance, owner)


def _twin(method: FunctionType) -> Any:
    """Returns the method that takes the same arguments and returns (data, status,
    headers).
    """

    def call(self: Api, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        options.setdefault("_return_http_data_only", False)
        if "_headers" in options:
            # Not in plain text in this frame of a traceback.
            options["_headers"] = redact_items(options["_headers"])
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
