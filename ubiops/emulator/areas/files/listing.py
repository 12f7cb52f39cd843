"""Lists the files of a bucket page by page, as object storages do.

Names are compared by their code points, which is how SQLite orders them.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.core.errors import bad_request

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


class Page(NamedTuple):
    """A page of a listing.

    Attributes:
        files: The rows of the files.
        prefixes: The folders.
        next: The first name of the next page; None if there is none.
    """

    files: list[sqlite3.Row]
    prefixes: list[str]
    next: str | None


class Listing(NamedTuple):
    """What to list: names that start with a prefix.

    Attributes:
        bucket: The key of the bucket.
        oldest: Files must be younger than this.
        prefix: How the names start.
        delimiter: What separates folders; empty if there are none.
    """

    bucket: int
    oldest: float
    prefix: str
    delimiter: str

    def page(self, db: sqlite3.Connection, start: str, limit: int) -> Page:
        """Returns the page that begins with the first name from a start."""
        files: list[sqlite3.Row] = []
        prefixes: list[str] = []
        following: str | None = max(start, self.prefix)
        while following is not None and len(files) + len(prefixes) < limit:
            rows = self._rows(db, following, limit - len(files) - len(prefixes))
            following = None
            for row in rows:
                folder = self._folder(row["name"])
                if folder is not None:
                    # All that is in the folder is passed over.
                    prefixes.append(folder)
                    following = after_prefix(folder)
                    break
                files.append(row)
                following = row["name"] + "\0"
        more = limit and following is not None and next(self._rows(db, following, 1), None)
        return Page(files, prefixes, following if more else None)

    def _rows(self, db: sqlite3.Connection, start: str, limit: int) -> Iterator[sqlite3.Row]:
        """Yields the files from a start, one by one: those passed over cost nothing."""
        rows = db.execute(
            "SELECT name, size, created FROM bucket_files WHERE bucket = ? AND created > ? AND name >= ?"
            " ORDER BY name LIMIT ?",
            (self.bucket, self.oldest, start, limit),
        )
        return itertools.takewhile(lambda row: row["name"].startswith(self.prefix), rows)

    def _folder(self, name: str) -> str | None:
        """Returns the folder below the prefix that holds a file, or None."""
        if not self.delimiter:
            return None
        found = name.find(self.delimiter, len(self.prefix))
        return None if found < 0 else name[: found + len(self.delimiter)]

    def token(self, start: str) -> str:
        """Returns the continuation token of a page."""
        return base64.urlsafe_b64encode(json.dumps([self.prefix, self.delimiter, start]).encode()).decode()

    def start(self, token: str) -> str:
        """Returns the start of the page that a continuation token stands for.

        Raises:
            ApiError: The token doesn't come from this listing.
        """
        try:
            read: Any = json.loads(base64.urlsafe_b64decode(token.encode()))
        except (binascii.Error, ValueError, RecursionError):
            read = None
        if not (isinstance(read, list) and read[:2] == [self.prefix, self.delimiter] and len(read) == 3):
            raise bad_request(
                "continuation_token does not belong to this listing: send the one of the previous page together with "
                "the same prefix and delimiter"
            )
        return str(read[2]).encode("utf-8", "replace").decode("utf-8")


def after_prefix(prefix: str) -> str | None:
    """Returns the smallest text after all that start with a prefix; None if none is."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    last = ord(kept[-1]) + 1
    # These code points are no characters.
    return kept[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else last)
