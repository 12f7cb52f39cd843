"""Builds revisions: unpacks packages and installs their requirements."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any, Callable

from ubiops._packages.errors import UnusableError
from ubiops.emulator.areas.deployments.inherited import code_file, variables_of
from ubiops.emulator.core.interfaces import InstallationError, InstallationStopped
from ubiops.emulator.runtime.installer import Installer, InstallError, InstallStopped
from ubiops.emulator.runtime.interpreters import NO_IMAGE, Interpreter, interpreter_for
from ubiops.emulator.runtime.output import Masker
from ubiops.emulator.runtime.packages import REQUIREMENTS, SETTINGS, has_requirements, requirements_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.interfaces import Log
    from ubiops.emulator.runtime.packages import Package, Packages
    from ubiops.emulator.runtime.plan import Plan

_log = logging.getLogger("ubiops.emulator")
_SECONDS_BETWEEN_WRITES = 0.5


class LocalBuilder:
    """Prepares what the runner runs. Also a service of the backend.

    Args:
        backend: The emulator.
        packages: The unpacked packages.
        folder: Where environments are kept.
        installs: Whether requirements are installed.
    """

    def __init__(self, backend: Backend, packages: Packages, folder: Path, installs: bool) -> None:
        self._backend = backend
        self._packages = packages
        self._installs = installs
        self._installer = Installer(folder)
        self.prepare_process: Callable[[], None] = lambda: None
        """Called when a package is about to be run."""

    def start(self) -> None:
        """Lets builds install what they need."""
        self._installer.resume()

    def stop(self) -> None:
        """Kills the installations that run."""
        self._installer.stop()

    def takes_long(self, archive: Path, variables: Mapping[str, str]) -> bool:
        """Returns whether the build of a package has to install something."""
        if not self._installs:
            return False
        try:
            return requirements_of(archive, code_file(variables))
        except (UnusableError, OSError):
            # The inspection says what is wrong with it.
            return False

    def install(
        self, requirements: str, python: str, *, log: Log, environment: Mapping[str, str] | None = None
    ) -> Path:
        """Returns the interpreter of an environment with these requirements.

        Raises:
            InstallError: The installation failed, or is switched off.
        """
        if not self._installs:
            raise InstallError("requirements are not installed, because the emulator was started with --no-install")
        return self._installer.install(requirements, python, log=log, environment=environment)

    def build(self, build: int) -> str | None:
        """Does the work of a build.

        Returns why it fails, an empty text, or None if it was stopped.
        """
        with self._backend.storage.reading() as db:
            row = db.execute(
                "SELECT builds.error, revisions.id, revisions.file, revisions.version FROM builds"
                " JOIN revisions ON revisions.pk = builds.revision WHERE builds.pk = ?",
                (build,),
            ).fetchone()
            if row is None:
                return ""
            version = db.execute("SELECT * FROM versions WHERE pk = ?", (row["version"],)).fetchone()
            deployment = db.execute("SELECT * FROM deployments WHERE pk = ?", (version["deployment"],)).fetchone()
            interpreter = interpreter_for(db, version, self._backend.clock.now())
            variables = variables_of(db, deployment["project"], version)
        settings = json.loads(version["settings"])
        log = BuildLog(
            self._backend,
            deployment["project"],
            {
                "deployment_id": deployment["id"],
                "deployment_name": deployment["name"],
                "deployment_version_id": version["id"],
                "deployment_version": version["name"],
                "deployment_version_revision_id": row["id"],
                "environment_name": settings["environment"],
            },
            Masker(variables.secrets | interpreter.secrets),
        )
        with contextlib.closing(log):
            if row["error"]:
                log.error(f"The build failed: {row['error']}")
                return ""
            refusal = interpreter.refusal
            if not json.loads(deployment["settings"]).get("supports_request_format", True):
                refusal = NO_IMAGE
            if refusal is not None:
                log.error(refusal)
                return ""
            python, note = interpreter.find()
            log.write(note)
            self.prepare_process()
            try:
                package = self._packages.get(
                    row["id"], self._backend.files.path(row["file"]), code_file(variables.values)
                )
                self._prepare(package, interpreter, python, log)
            except InstallStopped:
                return None
            except (UnusableError, InstallError) as error:
                log.error(f"The build failed: {error}")
                return log.mask(str(error))
            log.write("The package was built")
        return ""

    def package(self, plan: Plan) -> Package:
        """Returns the unpacked package of a plan.

        Raises:
            UnusableError: It can't be unpacked.
        """
        return self._packages.get(plan.revision, self._backend.files.path(plan.file), plan.code_file)

    def python(self, plan: Plan, package: Package) -> str:
        """Returns the interpreter with the packages of environment and package.

        Raises:
            InstallError: They are not installed any more, and could not be.
        """
        python = plan.interpreter.find().python
        requirements, environment = _everything(plan.interpreter, package)
        if not has_requirements(requirements) or not self._installs:
            return python
        found = self._installer.find(requirements, python, environment)
        if found is not None:
            return str(found)
        log = BuildLog(self._backend, plan.project, plan.labels, Masker(plan.secrets | plan.interpreter.secrets))
        with contextlib.closing(log):
            return str(self.install(requirements, python, log=log.write, environment=environment))

    def prepare(
        self, requirements: str, python: tuple[int, int], variables: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        """Installs the packages of an environment, for the versions that run on it.

        Raises:
            InstallationError: They can't be installed.
            InstallationStopped: The emulator is being stopped.
        """
        found = Interpreter(python).find()
        log(found.note)
        try:
            self.install(requirements, found.python, log=log, environment=variables)
        except InstallStopped as error:
            raise InstallationStopped from error
        except InstallError as error:
            raise InstallationError(str(error)) from error

    def _prepare(self, package: Package, interpreter: Interpreter, python: str, log: BuildLog) -> None:
        for note in _read_settings(package)[1]:
            log.write(note)
        requirements, environment = _everything(interpreter, package)
        if not has_requirements(requirements):
            log.write(f"The package has no {REQUIREMENTS}, or an empty one: nothing is installed")
        elif not self._installs:
            log.write(f"{REQUIREMENTS} is not installed, because the emulator was started with --no-install")
        else:
            log.write(f"Installing {REQUIREMENTS}")
            self.install(requirements, python, log=log.write, environment=environment)


class BuildLog:
    """Log entries of a build, which the platform writes and not the user's code."""

    def __init__(self, backend: Backend, project: str, labels: Mapping[str, Any], masker: Masker) -> None:
        self._backend = backend
        self._project = project
        self._labels = dict(labels)
        self._masker = masker
        self._waiting: list[str] = []
        self._written = time.monotonic()

    def write(self, text: str) -> None:
        """Writes one or several lines, at the latest when it is closed."""
        self._waiting += [self._masker.mask(line) for line in text.splitlines()]
        if time.monotonic() - self._written >= _SECONDS_BETWEEN_WRITES:
            self._flush("info")

    def mask(self, text: str) -> str:
        """Returns a text without secrets."""
        return self._masker.mask(text)

    def error(self, text: str) -> None:
        """Writes an error."""
        self._flush("info")
        self._waiting += [self._masker.mask(line) for line in text.splitlines()]
        self._flush("error")

    def close(self) -> None:
        """Writes what is left."""
        self._flush("info")

    def _flush(self, level: str) -> None:
        waiting, self._waiting = self._waiting, []
        self._written = time.monotonic()
        if waiting:
            self._backend.logs.write(self._project, *waiting, level=level, system=True, **self._labels)


def _everything(interpreter: Interpreter, package: Package) -> tuple[str, dict[str, str]]:
    """Returns the requirements of environment and package, and variables for them."""
    own = package.read(REQUIREMENTS)
    if not has_requirements(own):
        # The environment is installed already: the same text finds it again.
        return interpreter.requirements, dict(interpreter.variables)
    variables = {**interpreter.variables, **_read_settings(package)[0]}
    return "\n".join(filter(None, (interpreter.requirements, own))), variables


def _read_settings(package: Package) -> tuple[dict[str, str], list[str]]:
    """Returns the variables that ubiops.yaml sets, and notes for the build log."""
    text = package.read(SETTINGS)
    if text is None:
        return {}, []
    try:
        import yaml
    except ImportError:
        return {}, [f"{SETTINGS} is not read, because PyYAML is not installed: pip install 'ubiops[packages]'"]
    try:
        content = yaml.safe_load(text)
    except Exception as error:
        return {}, [f"{SETTINGS} is not read, because it is invalid: {error}"]
    content = content if isinstance(content, dict) else {}
    variables: dict[str, str] = {}
    for entry in content.get("environment_variables") or ():
        name, equals, value = str(entry).partition("=")
        if equals:
            variables[name.strip()] = value
    notes = []
    apt = content.get("apt")
    packages = [str(one) for one in apt.get("packages") or ()] if isinstance(apt, dict) else []
    if packages:
        notes.append(f"The emulator does not install system packages; {SETTINGS} asks for {', '.join(packages)}")
    return variables, notes
