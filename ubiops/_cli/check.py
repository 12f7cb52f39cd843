"""``python -m ubiops check``: whether calls to the API can succeed, step by step.

The requests are those of the client, and so are the errors: a step only decides which
part of the way they belong to.
"""

from __future__ import annotations

import socket
import time
import warnings
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ubiops._cli import diagnosis
from ubiops._cli.findings import find
from ubiops._cli.settings import Settings
from ubiops.api.core_api import CoreApi
from ubiops.api_client import ApiClient
from ubiops.exceptions import ApiException, ForbiddenError, NotFoundError, UbiOpsException, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ubiops._cli.output import Output

NAMES = ("Settings", "Host name", "Connection", "API", "Token", "Project")
_COLUMN = max(map(len, NAMES))


class Step(NamedTuple):
    """The result of a step.

    Attributes:
        name: One of `NAMES`.
        status: "ok", "warn", "fail" or "skip".
        text: What was found.
        advice: What to do about it, if anything.
    """

    name: str
    status: str
    text: str
    advice: str | None = None


def run(output: Output, *, host: str | None, project: str | None, timeout: float, as_json: bool) -> int:
    """Runs the check and shows each step; returns the exit status."""
    settings = Settings(host)
    if not as_json:
        output.line(f"Checking {settings.host_text if settings.host_problem else settings.configuration.host}")
        output.line()
    steps = []
    for step in _all_steps(settings, project, timeout):
        steps.append(step)
        if not as_json:
            output.mark(step.status, step.name, step.text, _COLUMN)
            if step.advice:
                output.entry("", f"Hint: {step.advice}", _COLUMN, indent=" " * 7)
    failed = next((step for step in steps if step.status == "fail"), None)
    if as_json:
        output.json(
            {
                "ok": failed is None,
                "host": settings.configuration.host,
                "project": project,
                "steps": [step._asdict() for step in steps],
            }
        )
    else:
        output.line()
        output.line(_summary(steps, failed))
    return int(failed is not None)


def _summary(steps: list[Step], failed: Step | None) -> str:
    if failed is not None:
        return f"The check failed at this step: {failed.name}."
    warned = sum(step.status == "warn" for step in steps)
    return f"Calls can succeed, with {warned} warning{'s' if warned > 1 else ''}." if warned else "Everything works."


def _all_steps(settings: Settings, project: str | None, timeout: float) -> Iterator[Step]:
    """Yields the steps up to the first that fails, and the others as skipped."""
    names = NAMES if project is not None else NAMES[:-1]
    done = set()
    failed = False
    with warnings.catch_warnings():
        # The findings say the same.
        warnings.simplefilter("ignore")
        for step in _steps(settings, project, timeout):
            yield step
            done.add(step.name)
            failed = step.status == "fail"
            if failed:
                break
    for name in names:
        if name not in done:
            yield Step(name, "skip", "not checked")


def _steps(settings: Settings, project: str | None, timeout: float) -> Iterator[Step]:
    yield from _check_settings(settings)
    configuration = settings.configuration
    # A retry would hide the problems that this looks for.
    configuration.max_retries = 0
    configuration.auto_retry_rate_limiting = False
    # Nothing secret is sent to a server that may not be the API.
    anonymous = configuration.copy()
    anonymous.api_key = {}
    with ApiClient(anonymous) as client:
        yield from _check_server(settings, client, timeout)
    with CoreApi(ApiClient(configuration)) as api:
        yield from _check_token(settings, api, project, timeout)


def _check_settings(settings: Settings) -> Iterator[Step]:
    findings = find(settings)
    for finding in findings:
        yield Step("Settings", "fail" if finding.fatal else "warn", f"{finding.setting}: {finding.text}")
    if not findings:
        yield Step("Settings", "ok", f"host: {settings.host_source}, token: {settings.token_source}")


def _check_server(settings: Settings, client: ApiClient, timeout: float) -> Iterator[Step]:
    """Checks everything up to the first response. ``GET /status`` needs no token."""
    addresses = _resolve(settings)
    if addresses:
        yield Step("Host name", "ok", addresses)
    started = time.monotonic()
    error: ApiException | None = None
    try:
        client.call_api("/status", "GET", response_type="object", _request_timeout=timeout)
    except ApiException as caught:
        error = caught
    except UbiOpsException as caught:
        yield Step("Connection", "fail", str(caught))
        return
    if error is not None and diagnosis.is_of_connection(error):
        name = "Connection" if addresses else "Host name"
        yield Step(name, "fail", diagnosis.describe(error), diagnosis.advice(error, settings))
        return
    if not addresses:
        yield Step("Host name", "ok", "resolved at the second attempt")
    milliseconds = (time.monotonic() - started) * 1000
    yield Step("Connection", "ok", f"{_way(settings)}, {milliseconds:.0f} ms")
    problem = None if error is None else diagnosis.problem_of_api(error, settings)
    if problem is not None:
        yield Step("API", "fail", *problem)
    else:
        yield Step("API", "ok", f"it responds at {urlsplit(settings.configuration.host).path or '/'}")


def _resolve(settings: Settings) -> str | None:
    """Returns the addresses of the server or its proxy as text, if there are any."""
    name, port, what = settings.hostname, settings.port, ""
    if settings.proxy is not None:
        parts = urlsplit(settings.proxy.address or "")
        name, port, what = parts.hostname or "", parts.port or 80, "the proxy "
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    addresses = list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))
    if addresses == [name]:
        return f"{what}{name} needs no lookup"
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return f"{what}{name} is {', '.join(addresses[:3])}{more}"


def _way(settings: Settings) -> str:
    tls = "TLS, certificate verified" if settings.scheme == "https" else "without TLS"
    return tls if settings.proxy is None else f"through the proxy {settings.proxy.description}, {tls}"


def _check_token(settings: Settings, api: CoreApi, project: str | None, timeout: float) -> Iterator[Step]:
    """Makes the cheapest call that needs the token, in the project if there is one."""
    if settings.token is None:
        yield Step("Token", "fail", "no token is set", diagnosis.NO_TOKEN)
        return
    error: UbiOpsException | None = None
    found = 0
    try:
        if project is None:
            api.template_deployments_list(_request_timeout=timeout)
        else:
            found = len(api.deployments_list(project, _request_timeout=timeout))
    except UbiOpsException as caught:
        error = caught
    if error is None:
        yield Step("Token", "ok", f"it is accepted ({settings.token_source})")
        if project is not None:
            yield Step("Project", "ok", f"{project} has {found} deployment{'' if found == 1 else 's'}")
    elif not isinstance(error, ApiException):
        # The name of the project is not valid, so that nothing was sent.
        yield Step("Project", "fail", str(error))
    elif isinstance(error, UnauthorizedError) or not isinstance(error, (ForbiddenError, NotFoundError)):
        yield Step("Token", "fail", diagnosis.describe(error), diagnosis.advice(error, settings))
    elif project is not None:
        yield Step("Token", "ok", f"it is accepted ({settings.token_source})")
        yield Step("Project", "fail", diagnosis.describe(error), diagnosis.advice(error, settings, project))
    elif isinstance(error, ForbiddenError):
        yield Step("Token", "ok", f"it is accepted, but may not list template deployments ({settings.token_source})")
    else:
        yield Step("Token", "warn", "this server has no list of template deployments", "pass --project NAME")
