"""Buckets: create, list, get, update, delete."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.files.kinds import BUCKET
from ubiops.emulator.areas.files.lookup import (
    DEFAULT_BUCKET,
    NEW_BUCKET,
    OWN_PROVIDER,
    ensure_default_bucket,
    files_of_bucket,
    oldest,
    remove_outdated,
)
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.resources import Owner, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ubiops.emulator.core.context import RequestContext

WEEK = 7 * 24 * 3600
# What a connection to another provider needs: credentials and configuration.
_NEEDED = {
    "amazon_s3": (("access_key", "secret_key"), ("bucket",)),
    "azure_blob_storage": (("connection_string",), ("container",)),
    "google_cloud_storage": (("json_key_file",), ("bucket",)),
}


class Buckets(Resource):
    """The buckets of a project.

    Those of other providers are connections that the emulator keeps and doesn't use.
    """

    kind = BUCKET
    noun = "bucket"
    table = "buckets"
    created_from = "BucketCreate"
    shown_as = "BucketDetail"
    path_parameter = "bucket_name"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project that the path names, which has its default bucket."""
        ensure_default_bucket(db, context.project, context.now)
        return Owner({"project": context.project}, f"project {context.project}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the bucket."""
        return Subject(object_type="bucket", object_name="" if action == "delete" else row["name"])

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The settings of a bucket that stores its files here."""
        return {**NEW_BUCKET}

    def read(self, body: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
        """Ends the prefix of a configuration with a slash."""
        settings = super().read(body, present)
        settings["provider"] = settings["provider"] or OWN_PROVIDER
        for name in ("credentials", "configuration"):
            settings[name] = settings[name] or None
        prefix = (settings["configuration"] or {}).get("prefix")
        if isinstance(prefix, str) and prefix and not prefix.endswith("/"):
            settings["configuration"] = {**settings["configuration"], "prefix": f"{prefix}/"}
        return settings

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks the time to live, and what the provider needs."""
        super().check(name, settings)
        ttl = settings["ttl"]
        if ttl is not None and (ttl < WEEK or ttl % WEEK):
            raise bad_request(f"ttl must be null or a multiple of {WEEK} seconds, which is a week, not {ttl}")
        provider = settings["provider"]
        if provider == OWN_PROVIDER:
            if settings["credentials"] or settings["configuration"]:
                raise bad_request(f"a bucket of the provider {OWN_PROVIDER} has neither credentials nor configuration")
            return
        for field, needed in zip(("credentials", "configuration"), _NEEDED[provider]):
            missing = [key for key in needed if not (settings[field] or {}).get(key)]
            if missing:
                raise bad_request(f"{field} of a bucket of the provider {provider} need {' and '.join(missing)}")

    def files(self, db: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
        """Returns the files in the bucket and those of unfinished uploads."""
        return files_of_bucket(db, row["pk"])

    def serialize(
        self, db: sqlite3.Connection, context: RequestContext, rows: Sequence[sqlite3.Row]
    ) -> list[dict[str, Any]]:
        """Adds the project, and the size if the path names the bucket."""
        found = [{**self.fields(row), "project": context.project} for row in rows]
        for fields, row in zip(found, rows):
            del fields["credentials"]
            if self.path_parameter in context.path:
                fields.update(self._size(db, context, row))
        return found

    def _size(self, db: sqlite3.Connection, context: RequestContext, row: sqlite3.Row) -> dict[str, Any]:
        if json.loads(row["settings"])["provider"] != OWN_PROVIDER:
            return {"size": None, "size_measurement_date": None}
        size = db.execute(
            "SELECT ifnull(sum(size), 0) FROM bucket_files WHERE bucket = ? AND created > ?",
            (row["pk"], oldest(row, context.now)),
        ).fetchone()[0]
        return {"size": size, "size_measurement_date": in_microseconds(context.now)}

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Changes the fields that are given, and removes files that are too old now.

        Files that were too old before don't come back with a longer time to live.
        """
        with context.transaction() as db:
            before = remove_outdated(db, self.find(db, context), context.now)
        context.backend.files.remove(before)
        super().update(context)
        with context.transaction() as db:
            row = self.find(db, context)
            after = remove_outdated(db, row, context.now)
            found = self.serialize(db, context, [row])[0]
        context.backend.files.remove(after)
        return found

    def delete(self, context: RequestContext) -> None:
        """Deletes a bucket with its files, or a connection.

        That the default bucket can't be deleted is a guess: every project has one.
        """
        if context.path[self.path_parameter] == DEFAULT_BUCKET:
            raise bad_request(f"bucket {DEFAULT_BUCKET!r} can't be deleted: every project has it")
        super().delete(context)


BUCKETS = Buckets()
handler("buckets_create")(BUCKETS.create)
handler("buckets_list")(BUCKETS.list_all)
handler("buckets_get")(BUCKETS.get)
handler("buckets_update", slow=True)(BUCKETS.update)
handler("buckets_delete", slow=True)(BUCKETS.delete)
