"""Starts and stops an emulator in a thread of this process."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
import weakref
from typing import TYPE_CHECKING

from ubiops.emulator.app import create_app
from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.areas.deployment_requests.service import RequestService
from ubiops.emulator.areas.deployments.package import Inspections
from ubiops.emulator.areas.deployments.variables import set_project_variable
from ubiops.emulator.areas.environments.installation import Builds
from ubiops.emulator.areas.files.store import BucketStore
from ubiops.emulator.areas.imports_and_exports.service import TransferService
from ubiops.emulator.areas.pipeline_requests.service import PipelineService
from ubiops.emulator.areas.request_schedules.service import ScheduleService
from ubiops.emulator.areas.webhooks.service import WebhookService
from ubiops.emulator.core import audit, auth
from ubiops.emulator.core.backend import Backend
from ubiops.emulator.core.clock import Clock
from ubiops.emulator.core.errors import AddressError, FolderError, StoppedError
from ubiops.emulator.core.files import Files
from ubiops.emulator.core.folder import DATABASE, FILES, check_unused, open_folder
from ubiops.emulator.core.settings import BuildSeconds, Settings
from ubiops.emulator.core.storage import Storage
from ubiops.emulator.guard import Guard, check_hosts, is_loopback
from ubiops.emulator.pages import ANY_TOKEN, PREFIX
from ubiops.emulator.runtime.service import CAN_RUN, attach
from ubiops.emulator.serving import Server
from ubiops.exceptions import ApiTypeError, ApiValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import ubiops
    from ubiops.emulator.core.faults import Faults

# How far the clock was ahead of the present time, for when the folder is opened again.
AHEAD = "clock_ahead"


def start(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    data_dir: str | os.PathLike[str] | None = None,
    tokens: Iterable[str] | None = None,
    project_variables: Mapping[str, Mapping[str, str]] | None = None,
    rate_limit: int | None = None,
    build_seconds: tuple[float, float, float] = (0.2, 0.2, 0.2),
    maximum_file_size: int | None = None,
    access_log: bool = False,
    allowed_hosts: Iterable[str] | None = None,
    run_code: bool = True,
    install: bool = True,
) -> Emulator:
    """Starts an emulator in a thread of this process.

    It accepts calls when this function returns.

    Args:
        host: The address to listen on. Everyone who can reach it can use the emulator,
            so keep the loopback interface unless that is what you want.
        port: The port to listen on. Default: a free one.
        data_dir: A folder to keep the state in. It is created if it doesn't exist, and
            opened again if it holds the state of an emulator. Any other folder must be
            empty. One emulator at a time may use it. Default: a temporary folder,
            removed at the end.
        tokens: The accepted tokens, with or without the prefix ``Token``. Default: any
            token.
        project_variables: Environment variables of projects, for deployments to
            inherit: project to name to value.
        rate_limit: Calls per minute, at least 1. Default: a limit that is never
            reached.
        build_seconds: How long a build is queued, building and validating: three
            numbers of seconds by the emulator's clock.
        maximum_file_size: The largest accepted file, in bytes. Default: 2 GB.
        access_log: Whether each call is logged, by the logger ``uvicorn.access`` at
            level INFO.
        allowed_hosts: Names of hosts under which clients reach the emulator, without a
            port. On the loopback interface, requests to other names than localhost and
            loopback addresses are refused, and so are those of web pages from other
            hosts. Default: none.
        run_code: Whether uploaded code is run when requests are made. It can do
            whatever you can do on this machine, so this is possible on the loopback
            interface only. On Windows, code is never run.
        install: Whether the requirements of packages are installed, each into an
            environment of its own. Without that, code has the packages of the
            emulator's own environment.

    Returns:
        The emulator. Use it in a ``with`` block, or call its `stop` at the end.

    Raises:
        ApiValueError: An argument is invalid (a ValueError).
        ApiTypeError: An argument has the wrong type (a TypeError).
        AddressError: The address can't be used (an OSError).
        FolderError: The folder can't be used (a RuntimeError). The message says why.
        StartError: The server can't be started (a RuntimeError).
    """
    settings = _settings(tokens, rate_limit, build_seconds, maximum_file_size)
    settings = settings._replace(allowed_hosts=check_hosts(allowed_hosts or ()))
    settings = settings._replace(run_code=bool(run_code) and CAN_RUN, install=bool(install))
    listener = _listen(host, port)
    try:
        if settings.run_code and not is_loopback(listener.getsockname()[0]):
            raise ApiValueError(
                f"the emulator runs uploaded code only if no other machine can reach it, and {host} is not a loopback "
                "address: choose another host, or run_code=False (--no-run) to run no code"
            )
        emulator = Emulator(listener, settings, data_dir, access_log)
    except BaseException:
        listener.close()
        raise
    variables = [(project, *pair) for project, values in (project_variables or {}).items() for pair in values.items()]
    try:
        emulator._seed(variables)
    except BaseException:
        emulator.stop()
        raise
    return emulator


class Emulator:
    """A running emulator, created by `start`.

    Attributes:
        host: The address of its API, for ``Configuration.host`` or ``UBIOPS_API_HOST``.
        token: A token that it accepts, for ``UBIOPS_API_TOKEN``.
        clock: Its clock, which builds and rate limits follow.
            ``clock.advance(seconds)`` moves it ahead.
    """

    def __init__(
        self, listener: socket.socket, settings: Settings, data_dir: str | os.PathLike[str] | None, access_log: bool
    ) -> None:
        self.host = _address(listener)
        self.token = f"Token {settings.tokens[0]}" if settings.tokens else ANY_TOKEN
        name = tempfile.mkdtemp(prefix="ubiops-emulator-") if data_dir is None else data_dir
        self._temporary = name if data_dir is None else None
        self._process = os.getpid()
        self._stopping = threading.Lock()
        self._running = False
        self._clients: weakref.WeakSet[ubiops.CoreApi] = weakref.WeakSet()
        try:
            folder = open_folder(name)
            self._storage = Storage(
                folder / DATABASE,
                MIGRATIONS,
                durable=data_dir is not None,
                on_create=functools.partial(check_unused, folder / FILES),
            )
            try:
                self._backend = self._open_backend(folder, settings)
                self.clock = self._backend.clock
                app = Guard(create_app(self._backend), listener.getsockname()[0], settings.allowed_hosts)
                self._server = Server(app, self._backend, listener, access_log)
            except sqlite3.Error as error:
                self._storage.close()
                raise FolderError(
                    f"{folder / DATABASE} is damaged ({error}): restore it, or choose another folder"
                ) from error
            except BaseException:
                self._storage.close()
                raise
        except BaseException:
            self._remove_temporary()
            raise
        self._running = True
        atexit.register(self.stop)

    def _open_backend(self, folder: Path, settings: Settings) -> Backend:
        files = Files(folder / FILES)
        files.clean(self._storage.files())
        # Time never goes back, not even if the computer's clock was set back meanwhile.
        now = max(time.time() + self._storage.get_meta(AHEAD), audit.latest_date(self._storage))
        clock = Clock(now, self._store_time)
        backend = Backend(
            settings,
            clock,
            self._storage,
            files,
            [Inspections()],
            address=self.host.removesuffix(PREFIX),
            bucket_files=BucketStore(self._storage, files, clock),
        )
        self._runner = attach(backend, folder)
        backend.services.append(Builds(backend))
        backend.services.append(WebhookService(backend))
        # After the runner: it gives requests to it when it starts.
        backend.services.append(RequestService(backend))
        # After the requests to deployments, of which those to pipelines consist.
        backend.services.append(PipelineService(backend))
        backend.services.append(ScheduleService(backend))
        backend.services.append(TransferService(backend))
        return backend

    def _seed(self, variables: list[tuple[str, str, str]]) -> None:
        def seed() -> None:
            for project, name, value in variables:
                set_project_variable(self._backend, project, name, value)

        seed()
        self._backend.seeds.append(seed)

    def _store_time(self) -> None:
        if self._running:
            self._storage.set_meta(AHEAD, self.clock.now() - time.time())

    def configuration(self) -> ubiops.Configuration:
        """Returns a client configuration for this emulator.

        It ignores proxies of the environment.
        """
        import ubiops

        return ubiops.Configuration(host=self.host, api_key={"Authorization": self.token}, proxy="")

    def api(self, *, pool_threads: int = 1) -> ubiops.CoreApi:
        """Returns a new client of this emulator, with all methods of the API.

        It is closed when the emulator stops; you may close it earlier.

        Args:
            pool_threads: How many calls with ``async_req=True`` run at the same time.

        Raises:
            StoppedError: The emulator has been stopped (a RuntimeError).
        """
        import ubiops

        if not self._running:
            raise StoppedError
        api = ubiops.CoreApi(ubiops.ApiClient(self.configuration(), pool_threads=pool_threads))
        self._clients.add(api)
        return api

    def set_project_variable(self, project: str, name: str, value: str, secret: bool = False) -> None:
        """Creates or replaces an environment variable of a project.

        The project's deployments inherit it. `project_environment_variables_create` of
        the API does the same, but doesn't replace a variable.

        Args:
            project: The name of the project.
            name: The name of the variable: up to 64 letters and underscores, starting
                and ending with a letter.
            value: Its value.
            secret: Whether its value is hidden from all responses. A secret stays a
                secret.

        Raises:
            ValueError: The name or the value is invalid.
            StoppedError: The emulator has been stopped (a RuntimeError).
        """
        if not self._running:
            raise StoppedError
        set_project_variable(self._backend, project, name, value, secret)

    @property
    def faults(self) -> Faults:
        """The failures that it is asked for.

        ``faults.add(operation="deployments_get", status=503)`` makes the next call of
        that method fail.
        """
        return self._backend.faults

    def reset(self) -> None:
        """Discards the whole state: everything that was created, faults, the clock.

        The emulator is as it was after the start. What was given to `start`, such as
        the variables of projects, is kept. Call it when no other call is in progress.

        Raises:
            StoppedError: The emulator has been stopped (a RuntimeError).
        """
        if not self._running:
            raise StoppedError
        self._backend.reset()

    def stop(self) -> None:
        """Stops the emulator and removes a temporary folder.

        Calling it again does nothing.
        """
        if self._process != os.getpid():
            # A forked child has no server thread, and the folder belongs to its parent.
            return
        with self._stopping:
            if not self._running:
                return
            self._running = False
            atexit.unregister(self.stop)
            self._backend.faults.close()
            if self._runner is not None:
                # Requests that wait for user code would keep the server from stopping.
                self._runner.interrupt()
            self._server.stop()
            for api in list(self._clients):
                api.close()
            self._storage.close()
            self._remove_temporary()

    def _remove_temporary(self) -> None:
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Emulator at {self.host}{'' if self._running else ', stopped'}>"


def _settings(
    tokens: Iterable[str] | None,
    rate_limit: int | None,
    build_seconds: tuple[float, float, float],
    maximum_file_size: int | None,
) -> Settings:
    if isinstance(tokens, str):
        raise ApiValueError("tokens must be several tokens, such as a list; for a single one write [token]")
    settings = Settings(build_seconds=_build_seconds(build_seconds))
    if tokens is not None:
        try:
            tokens = tuple(tokens)
        except TypeError:
            raise ApiTypeError(f"tokens must be several tokens, such as a list, got {tokens!r:.80}") from None
        if not all(isinstance(token, str) for token in tokens):
            raise ApiTypeError("tokens must be strings")
        known = tuple(auth.strip_prefix(token) for token in tokens)
        if not known or not all(token and " " not in token for token in known):
            raise ApiValueError("tokens must be one or more tokens, none of them empty or with a space in it")
        settings = settings._replace(tokens=known)
    if rate_limit is not None:
        settings = settings._replace(rate_limit=_positive("rate_limit", rate_limit))
    if maximum_file_size is not None:
        settings = settings._replace(maximum_file_size=_positive("maximum_file_size", maximum_file_size))
    return settings


def _build_seconds(value: tuple[float, float, float]) -> BuildSeconds:
    wanted = "build_seconds must be three numbers of seconds: queued, building and validating"
    try:
        seconds = BuildSeconds(*value)
        if not all(0 <= each < 1e9 for each in seconds):
            raise ApiValueError(f"build_seconds must be numbers of zero or more, got {value!r}")
    except TypeError as error:
        raise ApiValueError(f"{wanted}; got {value!r}") from error
    return seconds


def _positive(name: str, value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiTypeError(f"{name} must be a positive integer, got {value!r:.80}")
    if value < 1:
        raise ApiValueError(f"{name} must be a positive integer, got {value!r}")
    return value


def _listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket.

    Clients can connect to it even before the server's thread runs.
    """
    if not isinstance(port, int) or isinstance(port, bool):
        raise ApiTypeError(f"port must be an integer from 0 to 65535, got {port!r:.80}")
    if not isinstance(host, str):
        raise ApiTypeError(f"host must be the name or address of a host, got {host!r:.80}")
    if not 0 <= port <= 65535:
        # Some systems would use the remainder of a division as the port.
        raise ApiValueError(f"port must be an integer from 0 to 65535, got {port!r}")
    with contextlib.ExitStack() as on_failure:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listener = on_failure.enter_context(socket.socket(family, kind, protocol))
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError as error:
            raise AddressError(error.errno, f"can't listen on {host} port {port}: {error.strerror}") from error
        on_failure.pop_all()
    return listener


def _address(listener: socket.socket) -> str:
    """Returns the address of the API for a client on this machine."""
    host: str = listener.getsockname()[0]
    port: int = listener.getsockname()[1]
    # Clients can't connect to the address that stands for all interfaces.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nosec B104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v2.1"
