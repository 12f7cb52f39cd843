"""The call of a method as data, so that it can be repeated with another query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from ubiops._core.operation import Operation

_OPTIONS = {"async_req": True, "_preload_content": False, "_return_http_data_only": False}
"""Options that change what a method returns, with the value that does so."""


class Call(NamedTuple):
    """What a method of ``CoreApi`` passes to its client."""

    operation: Operation
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    query: tuple[Any, ...] = ()
    headers: tuple[Any, ...] = ()
    body: Any = None

    def place(self, name: str) -> int | None:
        """Returns the position of a parameter of the query; None without it."""
        names = [parameter.name for parameter in self.operation.query]
        return names.index(name) if name in names else None

    def value(self, name: str) -> Any:
        """Returns what was given for a parameter of the query; None without it."""
        place = self.place(name)
        return None if place is None or place >= len(self.query) else self.query[place]

    def query_with(self, **changes: Any) -> tuple[Any, ...]:
        """Returns the query with other values of these parameters."""
        values = [*self.query, *(None for _ in self.operation.query[len(self.query) :])]
        for name, value in changes.items():
            place = self.place(name)
            if place is not None:
                values[place] = value
        return tuple(values)

    def execute(self, client: Any, query: tuple[Any, ...]) -> Any:
        """Makes the call with a query. Returns a coroutine if the client is async."""
        return client.execute(
            self.operation, self.arguments, dict(self.options), query=query, headers=self.headers, body=self.body
        )


class _Recorder:
    """Stands in for the client of an API, and returns calls instead of making them."""

    def execute(
        self,
        operation: Operation,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        *,
        query: tuple[Any, ...] = (),
        headers: tuple[Any, ...] = (),
        body: Any = None,
        form: tuple[Any, ...] = (),
        files: tuple[Any, ...] = (),
    ) -> Call:
        return Call(operation, arguments, options, query, headers, body)

    def __getattr__(self, name: str) -> Any:
        raise ApiTypeError(f"paginate() takes a method that makes one call, got one that uses {name!r} of its client")


class _Recording:
    """Stands in for an API."""

    api_client = _Recorder()


def record(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Call]:
    """Returns the client of a method, and the call that it would make.

    Raises:
        ubiops.ApiTypeError: It is not a method of ``CoreApi``, or an option would
            change what it returns.
    """
    owner, function = getattr(method, "__self__", None), getattr(method, "__func__", None)
    client = getattr(owner, "api_client", None)
    if function is None or not hasattr(client, "execute"):
        raise ApiTypeError(
            f"paginate() takes a method of a CoreApi, such as api.deployment_requests_list, got {method!r:.100}"
        )
    for name, value in _OPTIONS.items():
        if kwargs.get(name) is value:
            raise ApiTypeError(f"paginate() can't be used with {name}={value}: it needs the data of each page")
    call = function(_Recording(), *args, **kwargs)
    if not isinstance(call, Call):
        raise ApiTypeError(f"paginate() takes a method that makes one call, got {function.__qualname__}")
    if call.options.get("_return_http_data_only") is False:
        raise ApiTypeError(f"paginate() takes {function.__name__.replace('_with_http_info', '')} instead of its twin")
    return client, call
