"""Really installs the packages of environments, where the emulator runs code.

The environment of a build is found again by its content when a version runs on it.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Callable

from ubiops.emulator.areas.environments.lookup import base_of, resolve, variables_of_tag, versions_on
from ubiops.emulator.areas.environments.packages import Contents, build_variables
from ubiops.emulator.core.interfaces import InstallationError, InstallationStopped

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.areas.environments.base import Environment
    from ubiops.emulator.core.backend import Backend

_LONGEST_ERROR = 1024
_MASK = "********"
_BUILD = (
    "SELECT environment_builds.*, environment_tags.pk AS tag, environment_tags.name AS tag_name,"
    " environment_tags.environment AS environment FROM environment_builds"
    " JOIN environment_revisions ON environment_revisions.pk = environment_builds.revision"
    " JOIN environment_tags ON environment_tags.pk = environment_revisions.tag"
    " WHERE environment_builds.cancelled IS NULL AND environment_builds.finished IS NULL"
)


def is_installed(backend: Backend, contents: Contents) -> bool:
    """Returns whether these packages are really installed by a build."""
    able = backend.background is not None and backend.installer is not None
    return able and bool(contents.requirements.strip()) and not contents.error


def install_packages(
    backend: Backend, base: Environment, requirements: str, variables: dict[str, str], log: Callable[[str], None]
) -> None:
    """Installs the packages of an environment: the one place where that happens.

    Raises:
        InstallationError: The packages can't be installed. The message says why.
        InstallationStopped: The emulator is being stopped.
    """
    if backend.installer is not None and base.language == "python":
        backend.installer.prepare(requirements, base.version, variables, log)


def build_in_background(backend: Backend, build: str) -> None:
    """Lets a build run as soon as possible."""
    if backend.background is not None:
        backend.background.submit(partial(_build, backend, build))


class Builds:
    """Continues the builds that a stop or a kill of the emulator interrupted."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def start(self) -> None:
        """Starts the interrupted builds again.

        Without an installer they end, as builds do that install nothing.
        """
        with self._backend.storage.reading() as db:
            waiting = [row["id"] for row in db.execute(_BUILD)]
        if self._backend.background is None or self._backend.installer is None:
            with self._backend.storage.transaction() as db:
                now = self._backend.clock.now()
                db.executemany(
                    "UPDATE environment_builds SET finished = ? WHERE id = ?", [(now, build) for build in waiting]
                )
            return
        for build in waiting:
            build_in_background(self._backend, build)

    def stop(self) -> None:
        """Does nothing: the background work is stopped by itself."""


def _build(backend: Backend, identifier: str) -> None:
    with backend.storage.reading() as db:
        build = db.execute(f"{_BUILD} AND environment_builds.id = ?", (identifier,)).fetchone()
        if build is None:
            # It was cancelled or deleted meanwhile.
            return
        environment = db.execute("SELECT * FROM environments WHERE pk = ?", (build["environment"],)).fetchone()
        tag = db.execute("SELECT * FROM environment_tags WHERE pk = ?", (build["tag"],)).fetchone()
        below = base_of(environment, tag)
        own, secret = variables_of_tag(db, build["tag"])
    contents = Contents(json.loads(build["contents"]))
    labels = {
        "environment_name": environment["name"],
        "environment_tag": build["tag_name"],
        "environment_build_id": identifier,
    }
    hidden = [own[name] for name in secret if own[name]]

    def masked(text: str) -> str:
        for value in hidden:
            text = text.replace(value, _MASK)
        return text

    def log(line: str) -> None:
        backend.logs.write(environment["project"], masked(line), system=True, **labels)

    error = ""
    try:
        if below is not None:
            variables = {**build_variables(contents), **own}
            install_packages(backend, below, contents.requirements, variables, log)
    except InstallationStopped:
        # `Builds` starts it again.
        return
    except InstallationError as failure:
        error = masked(str(failure) or "the packages can't be installed")
        backend.logs.write(environment["project"], *error.splitlines(), system=True, level="error", **labels)
    # It doesn't end before a build that installs nothing.
    seconds = backend.settings.build_seconds
    planned = build["processing"] + seconds.building + (0 if error else seconds.validating)
    with backend.storage.transaction() as db:
        db.execute(
            "UPDATE environment_builds SET finished = ?, error = ? WHERE id = ? AND cancelled IS NULL",
            (max(planned, backend.clock.now()), error[:_LONGEST_ERROR], identifier),
        )
    _tell_versions(backend, environment, build["tag_name"])


def _tell_versions(backend: Backend, environment: sqlite3.Row, tag: str) -> None:
    """Makes the versions that run on a tag use its new build."""
    if backend.runner is None:
        return
    now = backend.clock.now()
    with backend.storage.reading() as db:
        versions = [
            row["pk"]
            for row, settings in versions_on(db, environment["project"], environment["name"])
            if resolve(db, environment["project"], environment["name"], settings.get("environment_tag"), now).tag == tag
        ]
    for version in versions:
        backend.runner.changed(version)
