"""Starts and stops an emulator in a thread of this process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import shutil
import socket
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from ubiops.emulator.app import create_app
from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.areas.deployments.variables import set_project_variable
from ubiops.emulator.areas.environments.installation import Builds
from ubiops.emulator.areas.files.store import BucketStore
from ubiops.emulator.core import audit, auth
from ubiops.emulator.core.backend import Backend
from ubiops.emulator.core.clock import Clock
from ubiops.emulator.core.errors import AddressError, FolderError
from ubiops.emulator.core.files import Files
from ubiops.emulator.core.settings import BuildSeconds, Settings
from ubiops.emulator.core.storage import Storage
from ubiops.emulator.pages import ANY_TOKEN, PREFIX
from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ubiops

DATABASE = "emulator.sqlite3"
# How far the clock was ahead of the present time, for when the folder is opened again.
AHEAD = "clock_ahead"
_SECONDS_TO_STOP = 5


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

    Returns:
        The emulator. Use it in a ``with`` block, or call its `stop` at the end.

    Raises:
        ValueError: An argument is invalid.
        OSError: The address can't be used.
        RuntimeError: The folder can't be used. The message says why.
    """
    settings = _settings(tokens, rate_limit, build_seconds, maximum_file_size)
    listener = _listen(host, port)
    try:
        emulator = Emulator(listener, settings, data_dir, access_log)
    except BaseException:
        listener.close()
        raise
    try:
        for project, values in (project_variables or {}).items():
            for name, value in values.items():
                emulator.set_project_variable(project, name, value)
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
            folder = _open_folder(name)
            self._storage = Storage(folder / DATABASE, MIGRATIONS)
            try:
                self._backend = self._open_backend(folder, settings)
                self.clock = self._backend.clock
                self._server = _Server(self._backend, listener, access_log)
            except BaseException:
                self._storage.close()
                raise
        except BaseException:
            self._remove_temporary()
            raise
        self._running = True
        atexit.register(self.stop)

    def _open_backend(self, folder: Path, settings: Settings) -> Backend:
        files = Files(folder / "files")
        files.clean(self._storage.files())
        # Time never goes back, not even if the computer's clock was set back meanwhile.
        now = max(time.time() + self._storage.get_meta(AHEAD), audit.latest_date(self._storage))
        clock = Clock(now, self._store_time)
        backend = Backend(
            settings,
            clock,
            self._storage,
            files,
            address=self.host.removesuffix(PREFIX),
            bucket_files=BucketStore(self._storage, files, clock),
        )
        backend.services.append(Builds(backend))
        return backend

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
            RuntimeError: The emulator has been stopped.
        """
        import ubiops

        if not self._running:
            raise RuntimeError("the emulator has been stopped")
        api = ubiops.CoreApi(ubiops.ApiClient(self.configuration(), pool_threads=pool_threads))
        self._clients.add(api)
        return api

    def set_project_variable(self, project: str, name: str, value: str, secret: bool = False) -> None:
        """Creates or replaces an environment variable of a project.

        The project's deployments inherit it. The emulator supports no operation of the
        API that does this.

        Args:
            project: The name of the project.
            name: The name of the variable: up to 64 letters and underscores, starting
                and ending with a letter.
            value: Its value.
            secret: Whether its value is hidden from all responses. A secret stays a
                secret.

        Raises:
            ValueError: The name or the value is invalid.
            RuntimeError: The emulator has been stopped.
        """
        if not self._running:
            raise RuntimeError("the emulator has been stopped")
        set_project_variable(self._storage, project, name, value, secret)

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


class _Server(uvicorn.Server):
    """Uvicorn in a thread. The constructor returns when it accepts connections."""

    def __init__(self, backend: Backend, listener: socket.socket, access_log: bool) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(backend),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=access_log,
                proxy_headers=False,
                server_header=False,
                # As long as most proxies, so that clients rarely use a connection that
                # is about to close.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=_SECONDS_TO_STOP,
            )
        )
        self._backend = backend
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(listener,), name="ubiops-emulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        failure = backend.failure or self._failure
        if failure:
            self._thread.join()
            raise RuntimeError(f"the emulator could not be started: {failure!r}") from failure

    def _work(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self.serve(sockets=[listener]))
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or ():
            # Closing it would leave it open in processes that were forked meanwhile.
            # Some systems refuse this.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        await super().shutdown(sockets=sockets)
        # Calls that took too long were cancelled and respond with 503. Clients that
        # don't read it are disconnected.
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        for connection in self.server_state.connections:
            connection.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Stops the thread. Calls in progress get a few seconds to finish."""
        self.should_exit = True
        self._thread.join()


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
    if value < 1:
        raise ApiValueError(f"{name} must be a positive integer, got {value!r}")
    return value


def _open_folder(name: str | os.PathLike[str]) -> Path:
    if not os.fspath(name):
        # It would be the current folder, and is more likely a variable that isn't set.
        raise ApiValueError("data_dir is empty: name a folder, or '.' for the current one")
    try:
        folder = Path(name).expanduser()
        # The folder holds secrets, so other users of this machine can't read it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        # In this order: another emulator that starts in this folder creates the database
        # before anything else.
        foreign = not all(map(_is_harmless, os.listdir(folder))) and not (folder / DATABASE).exists()
    except (OSError, RuntimeError) as error:
        raise FolderError(f"{os.fspath(name)} can't be used as a data folder: {error}") from error
    if foreign:
        raise FolderError(
            f"{os.fspath(name)} is not empty and holds no state of an emulator ({DATABASE}): choose an empty or a "
            "new folder"
        )
    return folder


def _is_harmless(name: str) -> bool:
    """Returns whether an entry of a folder belongs to nobody in particular.

    Such are .gitkeep and .DS_Store, and what a new file system contains.
    """
    return name.startswith(".") or name == "lost+found"


def _listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket.

    Clients can connect to it even before the server's thread runs.
    """
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
