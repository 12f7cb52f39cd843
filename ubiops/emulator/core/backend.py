"""The parts of one emulator, and the services that run as long as it does."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ubiops.emulator.core.logs import Logs

if TYPE_CHECKING:
    from ubiops.emulator.core.clock import Clock
    from ubiops.emulator.core.files import Files
    from ubiops.emulator.core.interfaces import Background, BucketFiles, Installer, Runner
    from ubiops.emulator.core.settings import Settings
    from ubiops.emulator.core.storage import Storage

_log = logging.getLogger("ubiops.emulator")


class Service(Protocol):
    """Something that starts and stops with the emulator, such as a pool of workers.

    Both methods run in a worker thread, never on the event loop, and may block.
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

    def __post_init__(self) -> None:
        self._running: list[Service] = []
        self.logs = Logs(self.storage, self.clock)

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

    def stop(self) -> None:
        """Stops all running services, even if some of them fail to stop."""
        while self._running:
            service = self._running.pop()
            try:
                service.stop()
            except Exception:
                _log.exception("%r failed to stop", service)
