"""Names that do not exist: the nearest name, or where to find what was meant."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import not_covered
import pytest

import ubiops
import ubiops.aio
import ubiops.models
import ubiops.utils
from ubiops._not_covered import METHODS, MODELS, UTILS

PACKAGE = Path(ubiops.__file__).parent


@pytest.mark.parametrize("make", [ubiops.CoreApi, ubiops.aio.CoreApi, ubiops.Deployments])
def test_a_misspelled_method_suggests_the_nearest(make: Any) -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'deployments_lst'; did you mean 'deployments_list'\?"):
        make().deployments_lst  # noqa: B018
    with pytest.raises(ubiops.ApiAttributeError, match="did you mean 'deployments_list'"):
        make().deployments_lists_with_http_info  # noqa: B018


def test_a_method_of_the_api_that_is_not_covered_says_how_to_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "things_list", "GET /projects/{project_name}/things")
    for name in ("things_list", "things_list_with_http_info"):
        with pytest.raises(ubiops.ApiAttributeError) as caught:
            getattr(ubiops.CoreApi(), name)
        assert str(caught.value) == (
            f"'CoreApi' object has no attribute '{name}': things_list is part of the UbiOps API, but not of this "
            "client yet; make the call with api_client.call_api('/projects/{project_name}/things', 'GET', ...)"
        )
        assert caught.value.name == name


def test_a_method_of_another_area_is_found() -> None:
    from ubiops.api._base import Api

    class Small(Api):
        pass

    with pytest.raises(ubiops.ApiAttributeError, match="it is a method of CoreApi"):
        Small().deployments_list  # noqa: B018


def test_names_of_modules_suggest_the_nearest() -> None:
    for module, name, near in (
        (ubiops, "CoreAPI", "CoreApi"),
        (ubiops, "DeploymentCrate", "DeploymentCreate"),
        (ubiops.models, "DeploymentCrate", "DeploymentCreate"),
        (ubiops.utils, "zipdir", "zip_dir"),
    ):
        with pytest.raises(ubiops.ApiAttributeError, match=f"has no attribute '{name}'; did you mean '{near}'"):
            getattr(module, name)


def test_names_of_the_official_client_are_recognised() -> None:
    for module, names in ((ubiops, MODELS), (ubiops.utils, UTILS)):
        for name in sorted(names):
            said = rf"{name}(\(\) is not available in this version| is part of the official client)"
            with pytest.raises(ubiops.ApiAttributeError, match=said):
                getattr(module, name)
            with pytest.raises(ubiops.ApiImportError, match=said):
                exec(f"from {module.__name__} import {name}")  # noqa: S102


def test_names_with_an_underscore_are_refused_without_a_search() -> None:
    for thing in (ubiops.CoreApi(), ubiops, ubiops.utils):
        with pytest.raises(AttributeError) as caught:
            thing._ipython_display_  # type: ignore[attr-defined]  # noqa: B018
        assert "did you mean" not in str(caught.value)
        assert not hasattr(thing, "__wrapped__")
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def test_the_list_of_what_is_not_covered_is_up_to_date() -> None:
    """`python test/support/not_covered.py` writes it."""
    assert not_covered.TARGET.read_text(encoding="utf-8") == not_covered.current()


def test_the_public_namespace_has_public_names_only() -> None:
    for module in (ubiops, ubiops.api, ubiops.models, ubiops.utils):
        shown = {name for name in dir(module) if not name.startswith("__")}
        assert not {name for name in shown if name.startswith("_")}
        assert not shown & {"annotations", "TYPE_CHECKING", "sys", "import_module"}
        for name in shown:
            getattr(module, name)


def test_every_module_is_listed_or_private() -> None:
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {name for name in modules if not name.startswith("_")} == set(ubiops._MODULES)
