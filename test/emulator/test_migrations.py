"""Data folders of older formats are migrated in one step or not at all."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ubiops.emulator
from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.core import migrations
from ubiops.emulator.core.errors import FolderError
from ubiops.emulator.core.migrations import Migration, migration, registered_migrations
from ubiops.emulator.core.storage import Storage

ROOT = Path(__file__).resolve().parent.parent.parent
# The database of a data folder for every older format, as SQL.
FIXTURES = {1: Path(__file__).resolve().parent / "data" / "format_1.sql"}
FILE = "8e270d2e-022d-43e9-a057-0ac1fc171be7.zip"
LATEST = len(MIGRATIONS)


def write_database(path: Path, number: int) -> None:
    connection = sqlite3.connect(str(path))
    connection.executescript(FIXTURES[number].read_text(encoding="utf-8"))
    connection.close()


def schema(path: Path) -> dict[str, Any]:
    """Returns the columns of all tables and indexes, and the format."""
    connection = sqlite3.connect(str(path))
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: dict[str, Any] = {
            name: (
                connection.execute(f"PRAGMA table_info({name})").fetchall(),
                sorted(map(str, connection.execute(f"PRAGMA foreign_key_list({name})").fetchall())),
                sorted(row[1:3] for row in connection.execute(f"PRAGMA index_list({name})")),
            )
            for name in names
        }
        return {**found, "format": connection.execute("PRAGMA user_version").fetchone()[0]}
    finally:
        connection.close()


def rows(path: Path) -> dict[str, list[Any]]:
    """Returns the contents of all tables."""
    connection = sqlite3.connect(str(path))
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608
    finally:
        connection.close()


def test_the_fixtures_are_of_older_formats() -> None:
    assert all(1 <= number < LATEST for number in FIXTURES)


@pytest.mark.parametrize("number", FIXTURES)
def test_a_migrated_database_has_the_tables_of_a_new_one_and_all_rows(tmp_path: Path, number: int) -> None:
    old, new = tmp_path / "old.sqlite3", tmp_path / "new.sqlite3"
    write_database(old, number)
    before = rows(old)
    Storage(old, MIGRATIONS).close()
    Storage(new, MIGRATIONS).close()
    assert schema(old) == schema(new)
    assert schema(old)["format"] == LATEST
    after = rows(old)
    events = (before.pop("audit_events"), after.pop("audit_events"))
    # Format 4 adds the projects of all objects, and an organization.
    assert {row[2] for row in after.pop("projects")} == {row[2] for row in before["deployments"]}
    assert len(after.pop("organizations")) == 1
    # Tables were renamed and added: every row is still there, and nothing else.
    for found in (before, after):
        added = ("projects", "organizations")
        found["sqlite_sequence"] = sorted(row for row in found["sqlite_sequence"] if row[0] not in added)
    assert sorted(map(str, filter(None, after.values()))) == sorted(map(str, filter(None, before.values())))
    assert [row[1] for row in events[1]] == [row[1] for row in events[0]]


def test_a_data_folder_of_format_1_works_as_before(api: Any, data_dir: Path, good: bytes) -> None:
    (data_dir / "files").mkdir(parents=True)
    (data_dir / "files" / FILE).write_bytes(good)
    write_database(data_dir / "emulator.sqlite3", 1)
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator, "weather")
        deployment = client.ok("GET", "/projects/weather/deployments/rain")
        assert (deployment["id"], deployment["default_version"]) == ("01d24db0-500d-46c9-ae77-3ae554f63e2c", "v1")
        assert deployment["labels"] == {"team": "hydrology"}
        assert deployment["input_fields"][0]["widget"] == {"type": "textbox", "configuration": {}}
        version = client.ok("GET", "/projects/weather/deployments/rain/versions/v1")
        assert (version["status"], version["maximum_instances"]) == ("available", 5)
        path = f"/projects/weather/deployments/rain/versions/v1/revisions/{version['active_revision']}"
        assert client.send("GET", f"{path}/download").data == good
        listed = client.ok("GET", "/projects/weather/deployments/rain/versions/v1/environment-variables")
        assert [(one["name"], one["value"], one["inheritance_type"]) for one in listed] == [
            ("COUNTRY", "NL", "deployment"),
            ("PASSWORD", None, None),
            ("REGION", "north", "project"),
        ]
        assert len(client.ok("GET", "/projects/weather/deployments/rain/audit")) == 7
        # Numbering continues: keys of deleted objects are not reused.
        client.deployment("new")
        with emulator._storage.reading() as db:
            assert db.execute("SELECT pk FROM deployments WHERE name = 'new'").fetchone()["pk"] == 3
        assert emulator._storage.get_meta("clock_ahead") == 199.88995
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        assert type(api)(emulator).ok("GET", "/projects/weather/deployments/rain") == deployment


def test_a_database_of_a_newer_format_is_rejected_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    Storage(path, (*MIGRATIONS, Migration(LATEST + 1, "Adds a table.", "CREATE TABLE later (pk INTEGER);\n"))).close()
    before = schema(path)
    reason = (
        rf"can't be used: it was written by a newer version of ubiops \(format {LATEST + 1}; this version "
        rf"reads formats up to {LATEST}\): use that version, or choose another folder"
    )
    with pytest.raises(FolderError, match=reason):
        Storage(path, MIGRATIONS)
    assert schema(path) == before


# Kills the process before each statement of the migration in turn. Each time the
# database must be whole, in the old format or in the new one.
KILL_EVERYWHERE = """
import json, os, signal, sqlite3, sys
from pathlib import Path
from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.core import storage

connect = sqlite3.connect

def run(path, kill_at):
    steps = 0
    def step(statement):
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    def traced(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(step)
        return connection
    storage.sqlite3.connect = traced
    storage.Storage(path, MIGRATIONS)
    os._exit(0)

formats, kill_at, killed = [], 0, True
while killed:
    kill_at += 1
    path = Path(sys.argv[1]) / f"{kill_at}.sqlite3"
    connection = connect(path)
    connection.executescript(Path(sys.argv[2]).read_text())
    connection.close()
    child = os.fork()
    if not child:
        run(path, kill_at)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    connection = connect(path)
    number = connection.execute("PRAGMA user_version").fetchone()[0]
    key = "number" if number == 1 else "pk"
    tables = ("deployments", "versions", "revisions", "builds", "variables", "audit_events")
    counts = [connection.execute(f"SELECT count({key}) FROM {table}").fetchone()[0] for table in tables]
    counts.append(connection.execute(f"SELECT count(*) FROM {'facts' if number == 1 else 'meta'}").fetchone()[0])
    assert counts == [1, 2, 1, 2, 3, 9, 1], (kill_at, counts)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    formats.append(number)
    storage.Storage(path, MIGRATIONS).close()
print(json.dumps(formats))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_a_kill_during_a_migration_leaves_the_old_state_whole(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILL_EVERYWHERE, str(tmp_path), str(FIXTURES[1])],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    formats = json.loads(done.stdout)
    assert formats == sorted(formats)
    assert (formats[0], formats[-1]) == (1, LATEST)
    assert formats.count(1) > 10


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    write_database(path, 1)
    before = schema(path)
    script = "CREATE TABLE later (pk INTEGER);\nCREATE TABLE later (pk INTEGER);\n"
    with pytest.raises(FolderError, match="can't be used: table later already exists"):
        Storage(path, (*MIGRATIONS, Migration(LATEST + 1, "Fails.", script)))
    assert schema(path) == before


def test_a_migration_may_not_leave_dangling_references(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    write_database(path, 1)
    before = schema(path)
    broken = Migration(LATEST + 1, "Deletes too much.", "DELETE FROM deployments;\n")
    with pytest.raises(FolderError, match=r"it is damaged: a row of the table \w+ refers to nothing in deployments"):
        Storage(path, (*MIGRATIONS, broken))
    assert schema(path) == before
    assert len(rows(path)["deployments"]) == 1


def test_foreign_keys_are_enforced_after_a_migration(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite3"
    write_database(path, 1)
    storage = Storage(path, MIGRATIONS)
    with storage.transaction() as db:
        db.execute("DELETE FROM deployments")
    storage.close()
    assert rows(path)["versions"] == rows(path)["builds"] == []


def test_a_script_is_split_into_statements() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b;\n  DELETE FROM c;\nEND;\n"
    script = "CREATE TABLE a (pk);\n" + trigger
    assert list(Migration(1, "", script).statements()) == ["CREATE TABLE a (pk);\n", trigger]
    with pytest.raises(ValueError, match="migration 1 ends with an unfinished statement: DELETE FROM b"):
        list(Migration(1, "", "DELETE FROM a;\nDELETE FROM b").statements())


def test_migrations_are_numbered_without_gaps_or_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.number for one in MIGRATIONS] == list(range(1, LATEST + 1))
    assert registered_migrations() == MIGRATIONS
    monkeypatch.setattr(migrations, "_REGISTERED", {1: MIGRATIONS[0]})
    with pytest.raises(ValueError, match="two migrations with the number 1"):
        migration(1, "", "")
    migration(3, "", "")
    with pytest.raises(ValueError, match=r"numbered from 1 without a gap, got \[1, 3\]"):
        registered_migrations()
