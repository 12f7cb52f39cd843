"""``run_local``: one request to a deployment package, in this process."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from typing import Any

from ubiops._local.contexts import Surroundings, init_context, request_context, variables_of
from ubiops._local.errors import LocalRunError, RequestFunctionError
from ubiops._local.loading import find_code, loaded
from ubiops.exceptions import ApiTypeError

_GENERAL = "An exception occurred in the request. See the logs for details."


def run_local(
    deployment_directory: str | os.PathLike[str],
    data: Any,
    init_context: dict[str, Any] | None = None,
    request_context: dict[str, Any] | None = None,
) -> Any:
    """Runs one request to a deployment package in this process, to try the code.

    Loads ``deployment.py`` anew, creates a ``Deployment`` and calls ``request``, or
    ``requests`` for a list, as the platform does. Methods may be coroutine functions.
    It is not the platform: the packages, the working directory and the variables are
    those of this process. ``environment_variables`` of ``init_context`` are set during
    the call.

    Args:
        deployment_directory: The folder of ``deployment.py``. Its folder ``libraries``
            is searched for modules as well.
        data: The input of a request, or a list of inputs.
        init_context: Values of the context that ``__init__`` gets. Default: made-up
            ones.
        request_context: Values of the context that the request gets. Default: made-up
            ones.

    Returns:
        What the package returns; a list for a list of inputs, unless ``requests``
        returns something else.

    Raises:
        FileNotFoundError: There is no such folder, or no ``deployment.py`` in it.
        AttributeError: There is no class ``Deployment``, or no function for requests.
        ubiops.exceptions.UbiOpsException: The code raised an exception, which is the
            cause (``__cause__``) of this one. For a request, the message is the
            ``public_error_message`` of the exception, or a general sentence.
    """
    path = find_code(deployment_directory)
    for name, value in (("init_context", init_context), ("request_context", request_context)):
        if value is not None and not isinstance(value, dict):
            raise ApiTypeError(f"{name} must be a dict, got {type(value).__name__}")
    with Surroundings(variables_of(init_context)), loaded(path) as deployment:
        instance = _create(deployment, path, init_context)
        return _run(instance, data, request_context)


def _create(deployment: type[Any], path: str, given: dict[str, Any] | None) -> Any:
    available = {"base_directory": os.path.dirname(path), "context": init_context(given)}
    arguments = available
    # A class without __init__ has that of object, which takes nothing.
    if deployment.__init__ is object.__init__:
        arguments = {}
    else:
        accepted = inspect.signature(deployment.__init__).parameters.values()
        if not any(one.kind is one.VAR_KEYWORD for one in accepted):
            names = {one.name for one in accepted if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
            arguments = {name: value for name, value in available.items() if name in names}
    try:
        return deployment(**arguments)
    except Exception as error:
        raise LocalRunError(f"Failed to initialize deployment: {type(error).__name__}: {error}") from error


def _run(instance: Any, data: Any, given: dict[str, Any] | None) -> Any:
    one, many = (getattr(instance, name, None) for name in ("request", "requests"))
    if not callable(one) and not callable(many):
        raise RequestFunctionError("the class Deployment has neither a function request nor requests")
    context = request_context(given)
    if isinstance(data, list):
        return _call(many, data, context) if callable(many) else [_call(one, item, context) for item in data]
    if callable(one):
        return _call(one, data, context)
    results = _call(many, [data], context)
    return results[0] if isinstance(results, list) and len(results) == 1 else results


def _call(function: Any, data: Any, context: dict[str, Any]) -> Any:
    """Calls a function of the package, with the context if it accepts it."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
        kinds = inspect.Parameter
        places = [one for one in parameters if one.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
        second = places[1] if len(places) > 1 else None
        if second is not None and (second.name == "context" or second.default is second.empty):
            result = function(data, context)
        elif any(one.kind is one.VAR_KEYWORD or one.name == "context" for one in parameters):
            result = function(data, context=context)
        else:
            result = function(data)
        return _wait(result) if inspect.isawaitable(result) else result
    except Exception as error:
        message = getattr(error, "public_error_message", None)
        raise LocalRunError(str(message) if message else f"{_GENERAL} ({type(error).__name__}: {error})") from error


def _wait(result: Any) -> Any:
    """Waits for a coroutine, in a thread of its own if an event loop runs here."""

    async def finish() -> Any:
        return await result

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(finish())
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append((True, asyncio.run(finish())))
        except BaseException as error:
            outcome.append((False, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    succeeded, value = outcome[0]
    if not succeeded:
        raise value
    return value
