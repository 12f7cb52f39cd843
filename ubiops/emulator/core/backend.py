"""The parts of one emulator, and the services that run as long as it does."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Protocol, TypeVar

from ubiops.emulator.core.faults import Faults
from ubiops.emulator.core.logs import Logs
from ubiops.emulator.core.rate_limit import RateLimit

if TYPE_CHECKING:
    from ubiops.emulator.core.clock import Clock
    from ubiops.emulator.core.files import Files
    from ubiops.emulator.core.interfaces import Background, BucketFiles, Builder, Installer, Runner
    from ubiops.emulator.core.settings import Settings
    from ubiops.emulator.core.storage import Storage

T = TypeVar("T")

_log = logging.getLogger("ubiops.emulator")


class Service(Protocol):
    """Something that starts and stops with the emulator, such as a pool of workers.

    Both methods run in a worker thread, never on the event loop, and may block. A
    service may also have a method `reset`, called before the state is discarded; others
    are stopped and started then.
    """

    def start(self) -> None:
        """Starts the service. An exception keeps the emulator from starting."""

    def stop(self) -> None:
        """Stops the service.

        Requests are no longer served, and the state is still open.
        """


@dataclass
class Backend:
    """The state of an emulator, without its server.

    Attributes:
        settings: The emulator's settings.
        clock: The clock that everything follows.
        storage: The database.
        files: The uploaded files.
        services: What runs beside the server. They start in this order and stop in
            reverse.
        failure: The exception that kept a service from starting.
        logs: Writes log entries.
        address: The address of the server without a path, such as
            ``http://127.0.0.1:8421``. Signed URLs begin with it.
        runner: Runs the code of versions; None if the emulator runs no code.
        bucket_files: The files in buckets.
        background: Does long work.
        installer: Installs packages; None if the emulator installs none.
        seeds: What is done at the start, and again after a reset.
        rate_limit: Counts the calls.
        faults: The failures that were asked for.
        builder: Makes revisions ready to run; None if the emulator runs no code.
    """

    settings: Settings
    clock: Clock
    storage: Storage
    files: Files
    services: list[Service] = field(default_factory=list)
    failure: BaseException | None = None
    address: str = ""
    runner: Runner | None = None
    bucket_files: BucketFiles | None = None
    background: Background | None = None
    installer: Installer | None = None
    seeds: list[Callable[[], None]] = field(default_factory=list)
    builder: Builder | None = None

    def __post_init__(self) -> None:
        self._running: list[Service] = []
        self.logs = Logs(self.storage, self.clock)
        self.faults = Faults()
        self._resetting = threading.Lock()
        self.rate_limit = RateLimit(self.settings.rate_limit, self.clock)

    def service(self, kind: type[T]) -> T:
        """Returns the service of this class.

        Raises:
            LookupError: There is none.
        """
        for service in self.services:
            if isinstance(service, kind):
                return service
        raise LookupError(f"the emulator has no {kind.__name__}")

    def start(self) -> None:
        """Starts all services. If one fails, those that run already are stopped."""
        try:
            for service in self.services:
                service.start()
                self._running.append(service)
        except BaseException as error:
            self.failure = error
            self.stop()
            raise

    def reset(self) -> None:
        """Discards the state, and sets the clock to the present time.

        Calls that are in progress may fail.
        """
        with self._resetting:
            stopped = [service for service in reversed(self._running) if not _reset(service)]
            for service in stopped:
                _stop(service)
            self.faults.clear()
            self.clock.reset()
            self.storage.clear()
            self.files.clean(set())
            self.rate_limit.reset()
            for service in reversed(stopped):
                service.start()
            for seed in self.seeds:
                seed()

    def stop(self) -> None:
        """Stops all running services, even if some of them fail to stop."""
        while self._running:
            _stop(self._running.pop())


def _stop(service: Service) -> None:
    try:
        service.stop()
    except Exception:
        _log.exception("%r failed to stop", service)


def _reset(service: Service) -> bool:
    """Resets a service; returns False if it has no method for that."""
    reset = getattr(service, "reset", None)
    if reset is None:
        return False
    reset()
    return True
