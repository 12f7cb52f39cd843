"""The twins ``NAME_with_http_info`` of methods are made when they are first used."""

from __future__ import annotations

import inspect
import pydoc
from types import FunctionType

import ubiops
from ubiops.api._base import Api


class Area(Api, generated=True):
    """An area with one method."""

    def things_get(self, name: str) -> str:
        """Gets a thing."""
        return name


class Inheriting(Area):
    """A class of a user."""


TWIN = "things_get_with_http_info"


def test_a_twin_is_made_once_even_through_a_subclass() -> None:
    assert not isinstance(vars(Area)[TWIN], FunctionType)
    first = getattr(Inheriting, TWIN)
    assert isinstance(first, FunctionType)
    assert vars(Area)[TWIN] is first
    assert TWIN not in vars(Inheriting)
    assert getattr(Area, TWIN) is first
    api = Inheriting(ubiops.ApiClient())
    assert getattr(api, TWIN).__func__ is first


def test_help_and_inspection_show_twins_that_were_not_used_yet() -> None:
    class Fresh(Api, generated=True):
        def things_get(self, name: str) -> str:
            return name

    text = pydoc.render_doc(Fresh, renderer=pydoc.plaintext)
    assert f"{TWIN}(self, name: 'str') -> 'tuple[str, int, Mapping[str, str]]'" in text

    class Another(Api, generated=True):
        def things_get(self, name: str) -> str:
            return name

    assert TWIN in dict(inspect.getmembers(Another, inspect.isfunction))
