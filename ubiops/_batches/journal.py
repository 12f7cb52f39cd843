"""A file that holds the ids of the requests of a run, so that it can be continued.

Each line is a JSON object. The first says where the requests go; the others hold the
ids of one batch and hashes of its inputs. A line that was cut off is ignored.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiTypeError, ApiValueError, file_error

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from ubiops._batches.target import Target

_FORMAT = 1


class Journal:
    """The journal of one run.

    Args:
        path: The path of the file. It is created when the first batch is.
        target: Where the requests go.

    Raises:
        ubiops.ApiValueError: The file is not a journal, or one of other requests.
        OSError: It can't be read; an ``ubiops.ApiFileError``.
    """

    def __init__(self, path: str | os.PathLike[str], target: Target) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise ApiTypeError(f"journal must be a path, got {type(path).__name__}")
        self._path = os.fspath(path)
        self._head = {"format": _FORMAT, **asdict(target)}
        self._known: dict[int, tuple[str, str]] = {}
        self._size = 0
        self._read()

    def known(self, index: int, item: Any) -> str | None:
        """Returns the id of the request for an input; None if there is none yet.

        Raises:
            ubiops.ApiValueError: The input was another one when the journal was
                written.
        """
        found = self._known.pop(index, None)
        if found is None:
            return None
        identifier, fingerprint = found
        if fingerprint != fingerprint_of(item):
            raise ApiValueError(
                f"input {index} is not the one that the journal {self._path!r} was written for: "
                "pass the same inputs in the same order, or another journal"
            )
        return identifier

    def add(self, created: Iterable[tuple[int, Any, str]]) -> None:
        """Writes the requests of a batch: index, input and id of each.

        Raises:
            OSError: The file can't be written; an ``ubiops.ApiFileError``.
        """
        lines = [] if self._size else [self._head]
        lines.append({"requests": [[index, identifier, fingerprint_of(item)] for index, item, identifier in created]})
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        try:
            with open(self._path, "r+" if self._size else "w", encoding="utf-8", newline="\n") as file:
                # Over a line that was cut off.
                file.seek(self._size)
                file.truncate()
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise file_error(f"the journal {self._path!r} can't be written", error) from error
        self._size += len(text)

    def _read(self) -> None:
        try:
            with open(self._path, encoding="ascii", newline="\n") as file:
                self._read_lines(file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise file_error(f"the journal {self._path!r} can't be read", error) from error
        except (UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, ApiValueError):
                raise
            raise ApiValueError(f"{self._path!r} is not a journal of map_requests") from error

    def _read_lines(self, file: TextIO) -> None:
        for line in file:
            if not line.endswith("\n"):
                break
            entry = json.loads(line)
            if not self._size:
                self._check_head(entry)
            else:
                for index, identifier, fingerprint in entry["requests"]:
                    self._known[index] = (identifier, fingerprint)
            self._size += len(line)

    def _check_head(self, entry: Any) -> None:
        if entry != self._head:
            if isinstance(entry, dict) and entry.get("format") == _FORMAT:
                where = f"{entry.get('kind')} {entry.get('name')!r} of project {entry.get('project')!r}"
                raise ApiValueError(f"the journal {self._path!r} belongs to other requests: those to {where}")
            raise ApiValueError(f"{self._path!r} is not a journal of map_requests")


def fingerprint_of(item: Any) -> str:
    """Returns a short hash of an input."""
    text = json.dumps(item, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
