"""Iterating over all items of a method that returns them page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ubiops._paging.calls import record
from ubiops._paging.pagers import pager_for
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from typing import Protocol

    from ubiops._paging.calls import Call
    from ubiops.models import FileDetail, FileItem

    T = TypeVar("T")

    class _HasResults(Protocol[T]):
        """A page whose items are its results."""

        @property
        def results(self) -> list[T]: ...


__all__ = ["Pages", "paginate"]

R = TypeVar("R", covariant=True)


class Pages(Generic[R]):
    """All items of a method that returns them page by page; ``paginate`` creates it.

    Iterate over it with ``for``, or with ``async for`` if the method is to be awaited.
    A page is requested when the items before it are used up. Each loop starts again.
    """

    def __init__(self, client: Any, call: Call) -> None:
        self._client = client
        self._call = call
        # Created here, so that a method without pages raises at once.
        self._new_pager()

    def _new_pager(self) -> Any:
        return pager_for(self._call, self._client._clock)

    @property
    def _awaited(self) -> bool:
        from inspect import iscoroutinefunction

        return iscoroutinefunction(self._client.execute)

    @overload
    def __iter__(self: Pages[list[T]]) -> Iterator[T]: ...
    @overload
    def __iter__(self: Pages[FileDetail]) -> Iterator[FileItem]: ...
    @overload
    def __iter__(self: Pages[_HasResults[T]]) -> Iterator[T]: ...
    def __iter__(self) -> Iterator[Any]:
        """Returns the items.

        Raises:
            ubiops.ApiException: A call failed.
            ubiops.ApiTypeError: The client is async.
        """
        return (item for _, items in self._walk() for item in items)

    @overload
    def __aiter__(self: Pages[Coroutine[Any, Any, list[T]]]) -> AsyncIterator[T]: ...
    @overload
    def __aiter__(self: Pages[Coroutine[Any, Any, FileDetail]]) -> AsyncIterator[FileItem]: ...
    @overload
    def __aiter__(self: Pages[Coroutine[Any, Any, _HasResults[T]]]) -> AsyncIterator[T]: ...
    def __aiter__(self) -> AsyncIterator[Any]:
        """Returns the items, to be iterated over with ``async for``.

        Raises:
            ubiops.ApiException: A call failed.
            ubiops.ApiTypeError: The client is a blocking one.
        """
        return self._items_async()

    @overload
    def pages(self: Pages[Coroutine[Any, Any, T]]) -> AsyncIterator[T]: ...  # type: ignore[overload-overlap]
    @overload
    def pages(self) -> Iterator[R]: ...
    def pages(self) -> Any:
        """Returns the pages as the method returns them, such as ``FileDetail`` with its
        ``prefixes``. Pages of lists may overlap by an item.

        Raises:
            ubiops.ApiException: A call failed.
        """
        return self._pages_async() if self._awaited else (page for page, _ in self._walk())

    def _walk(self) -> Iterator[tuple[Any, list[Any]]]:
        if self._awaited:
            raise ApiTypeError("paginate() with a method to be awaited needs 'async for' in place of 'for'")
        pager = self._new_pager()
        while pager.query is not None:
            page = self._call.execute(self._client, pager.query)
            yield page, pager.take(page)

    async def _walk_async(self) -> AsyncIterator[tuple[Any, list[Any]]]:
        if not self._awaited:
            raise ApiTypeError("paginate() with a method of the blocking client needs 'for' in place of 'async for'")
        pager = self._new_pager()
        while pager.query is not None:
            page = await self._call.execute(self._client, pager.query)
            yield page, pager.take(page)

    async def _items_async(self) -> AsyncIterator[Any]:
        async for _, items in self._walk_async():
            for item in items:
                yield item

    async def _pages_async(self) -> AsyncIterator[Any]:
        async for page, _ in self._walk_async():
            yield page

    def __repr__(self) -> str:
        return f"<Pages of {self._call.operation.name}>"


def paginate(method: Callable[..., R], *args: Any, **kwargs: Any) -> Pages[R]:
    """Returns all items of a method that returns them page by page, such as
    ``api.deployment_requests_list`` or ``api.files_list``.

    Pages by offset, cursor or token, or, for ``logs_list``, by time, as the method
    does. Methods that return everything at once work too.

    Items may be created and removed during the loop. No item is returned twice. With
    pages by offset, the items that existed at the start and still exist at the end are
    all returned, unless ``limit`` is 1 or another program removes more than 10,000
    items between two calls. Items that were created later may be missing. Log lines are
    complete unless more than 5,000 have the same time; without ``start`` and ``end``,
    the last 24 hours are searched from the oldest line on.

    Args:
        method: A method of a ``CoreApi``, also of the async one.
        *args: The arguments of the method.
        **kwargs: The keyword arguments of the method. ``limit`` is the size of a page.

    Returns:
        An iterable over the items. Calls are made while it is iterated over.

    Raises:
        ubiops.ApiTypeError: It is not a method of a ``CoreApi``, or it does not return
            a list.
        ubiops.ApiValueError: ``limit`` is 0.
    """
    client, call = record(method, args, kwargs)
    return Pages(client, call)
