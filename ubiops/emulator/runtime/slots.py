"""The threads that talk to processes, one for each."""

from __future__ import annotations

import contextlib
import functools
import logging
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ubiops._packages.errors import UnusableError
from ubiops.emulator.core.interfaces import Outcome
from ubiops.emulator.core.logs import LogEntry
from ubiops.emulator.core.storage import new_id
from ubiops.emulator.runtime.fields import (
    BUCKET_VARIABLE,
    DEFAULT_BUCKET,
    FieldError,
    FileStore,
    check_result,
    file_fields,
)
from ubiops.emulator.runtime.host import Host, Launch, StartError, absolute
from ubiops.emulator.runtime.installer import InstallError
from ubiops.emulator.runtime.output import Masker, Output
from ubiops.emulator.runtime.pool import REPLACED
from ubiops.emulator.runtime.process import Process

if TYPE_CHECKING:
    from pathlib import Path

    from ubiops.emulator.runtime.builder import LocalBuilder
    from ubiops.emulator.runtime.plan import Plan
    from ubiops.emulator.runtime.pool import Instance, Run, Slot
    from ubiops.emulator.runtime.runner import LocalRunner

_log = logging.getLogger("ubiops.emulator")

# How long a deployment may take to start. The platform's limit is not known: a guess.
SECONDS_TO_START = 1800.0
OUT_OF_ORDER = "The emulator could not run the request. Its own log says why"
CANNOT_START = "The emulator could not start the deployment. Its own log says why"
# The labels of log entries that come from the context of a job.
_CONTEXT_LABELS = (
    "pipeline_id",
    "pipeline_name",
    "pipeline_version",
    "pipeline_version_id",
    "pipeline_object_id",
    "pipeline_object_name",
    "pipeline_request_id",
)


class Standby:
    """A plain interpreter that runs already, so that an instance starts sooner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._stopped = False

    def resume(self) -> None:
        """Lets processes be started again."""
        with self._lock:
            self._stopped = False

    def prepare(self) -> None:
        """Starts a process unless there is one."""
        with self._lock:
            if self._process is None and not self._stopped:
                with contextlib.suppress(OSError):
                    self._process = Process(sys.executable)

    def take(self, python: str) -> Process | None:
        """Returns the process if it runs this interpreter."""
        if python != sys.executable:
            return None
        with self._lock:
            process, self._process = self._process, None
            return process

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._stopped = True
            process, self._process = self._process, None
        if process is not None:
            process.close()


class Slots:
    """Starts a thread for each process of an instance, and runs jobs in it."""

    def __init__(self, runner: LocalRunner, builder: LocalBuilder, folder: Path) -> None:
        self._runner = runner
        self._builder = builder
        self._folder = folder
        self._threads: set[threading.Thread] = set()
        self.standby = Standby()

    def start(self, instance: Instance) -> None:
        """Starts the processes of an instance. The runner's lock must be held."""
        for slot in instance.slots:
            name = f"ubiops-instance-{instance.id[:8]}-{slot.number}"
            thread = threading.Thread(target=self._serve, args=(slot,), name=name, daemon=True)
            self._threads.add(thread)
            thread.start()

    def stop(self, seconds: float) -> None:
        """Waits until all threads have ended, at most this long."""
        self.standby.stop()
        limit = time.monotonic() + seconds
        with self._runner.lock:
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, limit - time.monotonic()))

    # In the thread of a slot

    def _serve(self, slot: Slot) -> None:
        instance, runner = slot.instance, self._runner
        try:
            while not (instance.stopping or runner.stopped):
                if slot.host is None:
                    self._start_host(slot)
                run = runner.take(slot)
                if run is None:
                    break
                with slot.talking:
                    alive = self._execute(slot, run)
                if not alive:
                    self._discard(slot)
        except StartError as error:
            runner.start_failed(instance, str(error))
        except Exception:
            if not runner.stopped:
                _log.exception("an instance of version %s failed", instance.plan.version)
            runner.start_failed(instance, CANNOT_START)
        finally:
            self._discard(slot, gently=not runner.stopped)
            with runner.lock:
                instance.slots.remove(slot)
                last = not instance.slots
                # The others would serve alone what the version should serve together.
                instance.pool.retire([instance])
                self._threads.discard(threading.current_thread())
            if last:
                runner.instance_ended(instance)

    def _start_host(self, slot: Slot) -> None:
        plan = slot.instance.plan
        output = self._output(slot)
        with self._runner.lock:
            slot.instance.change("initialising")
        try:
            package = self._builder.package(plan)
            python = self._builder.python(plan, package)
            slot.copy = self._runner.packages.working_copy(package)
        except UnusableError as error:
            raise StartError(f"The package can't be unpacked: {error}") from error
        except InstallError as error:
            output.add_lines("error", str(error))
            output.finish()
            raise StartError("The requirements of the deployment could not be installed. See the logs.") from error
        launch = Launch(
            python,
            absolute(slot.copy / "package"),
            package.file,
            plan.variables,
            {**plan.context, "process_id": slot.number},
        )
        host = Host(launch, self.standby.take(python) if launch.is_plain else None)
        with self._runner.lock:
            slot.host = host
            if self._runner.stopped or slot.instance.stopping:
                host.process.kill(REPLACED)
        try:
            host.start(SECONDS_TO_START, output)
        except StartError:
            self._discard(slot)
            raise
        with self._runner.lock:
            slot.output = output
            if not slot.instance.is_starting:
                slot.instance.change("running")
        if launch.is_plain:
            self.standby.prepare()

    def _discard(self, slot: Slot, gently: bool = False) -> None:
        # Nobody may read from the process while its pipes are closed.
        with slot.talking:
            host, copy = slot.host, slot.copy
            slot.host = slot.copy = None
            if host is not None:
                if gently:
                    host.process.stop()
                host.process.close()
        if copy is not None:
            self._runner.packages.discard(copy)

    def _execute(self, slot: Slot, run: Run) -> bool:
        """Runs a job; returns whether the process can run another one."""
        output = self._output(slot, run)
        alive = True
        try:
            outcome, alive = self._outcome(slot, run, output)
        except FieldError as error:
            output.add_lines("error", str(error))
            outcome = Outcome("failed", error_message=str(error))
        except Exception:
            _log.exception("request %s could not be run", run.job.request_id)
            # It may still be at work on this request.
            outcome, alive = Outcome("failed", error_message=OUT_OF_ORDER), False
        with self._runner.lock:
            run.state = "finishing"
            cancelled = run.cancelled
        if cancelled:
            # The process was killed, whatever it had managed to return.
            outcome, alive = Outcome("cancelled"), False
        try:
            # Before the response, so that whoever gets it can read them.
            output.finish()
        except Exception:
            _log.exception("the logs of request %s could not be written", run.job.request_id)
        self._runner.end(run, outcome)
        return alive and (slot.host is None or slot.host.process.healthy)

    def _outcome(self, slot: Slot, run: Run, output: Output) -> tuple[Outcome, bool]:
        job, plan, host, copy = run.job, slot.instance.plan, slot.host, slot.copy
        if host is None or copy is None:
            raise RuntimeError("the instance has no process")
        if job.on_start is not None and not job.on_start():
            return Outcome("cancelled"), True
        deadline = run.deadline if run.deadline is not None else time.monotonic() + job.timeout
        folder = copy / "requests" / new_id()
        store = FileStore(self._runner.backend.bucket_files, plan.project, job.request_id, self._folder)
        try:
            inputs = store.fetch(job.load(), plan.input_fields, folder)
            context = {
                "id": job.request_id,
                "request_mode": job.mode,
                "user_id": job.user,
                **(job.context or {}),
            }
            reply = host.call(inputs, job.many, context, deadline, output, job.on_update)
            if reply.error is not None:
                error = f"{reply.error} ({job.timeout:g} seconds)" if reply.timed_out else reply.error
                interrupted = reply.died and not reply.timed_out
                return Outcome("failed", error_message=error, interrupted=interrupted), not reply.died
            check_result(reply.result, plan.output_fields)
            bucket = plan.variables.get(BUCKET_VARIABLE) or DEFAULT_BUCKET
            if file_fields(plan.output_fields):
                store.project = self._present_project(plan)
            result = store.store(reply.result, plan.output_fields, copy / "package", bucket)
            return Outcome("completed", result), True
        finally:
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)

    def _present_project(self, plan: Plan) -> str:
        """Returns the name of a version's project, which may have been changed.

        Raises:
            FieldError: The version has been deleted.
        """
        with self._runner.backend.storage.reading() as db:
            row = db.execute(
                "SELECT project FROM versions JOIN deployments ON deployments.pk = deployment WHERE versions.pk = ?",
                (plan.version,),
            ).fetchone()
        if row is None:
            raise FieldError("The version was deleted")
        return str(row["project"])

    def _output(self, slot: Slot, run: Run | None = None) -> Output:
        """Returns where the output of a process goes, during a request or outside."""
        plan = slot.instance.plan
        labels: dict[str, Any] = {
            **plan.labels,
            "instance_id": slot.instance.id,
            "process_id": slot.number,
        }
        if run is not None:
            context = run.job.context or {}
            labels["deployment_request_id"] = run.job.request_id
            labels.update({name: context[name] for name in _CONTEXT_LABELS if context.get(name) is not None})
        return Output(functools.partial(self._write, plan, labels), Masker(plan.secrets))

    def _write(self, plan: Plan, labels: dict[str, Any], lines: list[tuple[str, str]]) -> None:
        entries = [LogEntry(line, labels, level) for level, line in lines]
        self._runner.backend.logs.write_many(plan.project, entries)
