"""The rules by which things get their names and types, and that they agree with the hand-written part."""

from __future__ import annotations

import re

import pytest

import ubiops
from generator import names
from generator.ir import Field, Limits, Type
from generator.phrases import OPTIONS
from ubiops import request
from ubiops.api._base import Api
from ubiops.exceptions import class_for_status
from ubiops.models._base import RequestModel


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("project_name", "project_name"),
        ("projectName", "project_name"),
        ("HTTPPort", "http_port"),
        ("v2Name", "v2_name"),
        ("content-type", "content_type"),
        ("x.y z", "x_y_z"),
        ("class", "class_"),
        ("None", "none"),
        ("_id", "id"),
        ("to_dict", "to_dict_"),
        ("datetime", "datetime_"),
        ("type", "type"),
        ("1st", None),
        ("_", None),
        ("", None),
        ("größe", "gr__e"),
    ],
)
def test_names_of_fields(name: str, python: str | None) -> None:
    assert names.python_name(name, names.RESERVED_FIELDS) == python


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("DeploymentVersionPort", "deployment_version_port"),
        ("InputOutputFieldDetail", "input_output_field_detail"),
        ("HTTPAnswer", "http_answer"),
        ("V2Book", "v2_book"),
        ("Import", "import_"),
    ],
)
def test_names_of_modules(name: str, module: str) -> None:
    assert names.module_name(name) == module


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("Deployments", "Deployments"),
        ("request schedules", "RequestSchedules"),
        ("A-b", "AB"),
        ("2nd", None),
        ("!", None),
    ],
)
def test_names_of_classes(tag: str, name: str | None) -> None:
    assert names.class_name(tag) == name


@pytest.mark.parametrize(
    ("name", "good"),
    [("books_list", True), ("v2_list", True), ("list", True), ("booksList", False), ("_list", False), ("a__b", False)],
)
def test_names_of_methods(name: str, good: bool) -> None:
    assert names.is_method_name(name) is good


def test_a_keyword_is_no_name_of_a_method() -> None:
    assert not names.is_method_name("import")


@pytest.mark.parametrize(
    ("model", "noun"),
    [
        ("DeploymentCreateResponse", "deployment"),
        ("DeploymentVersionDetail", "deployment_version"),
        ("RevisionCreate", "revision"),
        ("Room", "room"),
        ("List", "list"),
    ],
)
def test_nouns(model: str, noun: str) -> None:
    assert names.noun(model) == noun


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 502, 503])
def test_exceptions_are_those_that_are_raised(status: int) -> None:
    assert names.exception_name(status) == class_for_status(status).__name__


def test_no_field_takes_the_name_of_something_that_models_have() -> None:
    public = {name for name in dir(RequestModel) if not name.startswith("_")}
    assert public <= names.RESERVED_FIELDS


def test_no_method_takes_the_name_of_something_that_its_class_has() -> None:
    public = {name for name in dir(Api) if not name.startswith("_")}
    assert public | {"api_client"} == names.RESERVED_METHODS


def test_no_model_takes_the_name_of_something_public() -> None:
    public = set(ubiops.__all__) - set(ubiops.models.__all__) | set(ubiops.exceptions.__all__)
    taken = names.RESERVED_MODELS | {name for name in public if name.endswith(("Error", "Exception"))}
    assert {name for name in public if names.is_class_name(name)} <= taken | {"NULL"}


def test_options_are_those_that_calls_take() -> None:
    assert set(names.OPTIONS) == set(OPTIONS) == request.OPTIONS
    assert request.OPTIONS < names.RESERVED_ARGUMENTS


PAGES = Type("list", item=Type("model", "Page"))


@pytest.mark.parametrize(
    ("kind", "declared", "read", "write"),
    [
        (Type("string"), "str", "str", "str"),
        (Type("string", format="uuid"), "str", "str", "str"),
        (Type("integer"), "int", "int", "int"),
        (Type("number"), "float", "float", "float"),
        (Type("boolean"), "bool", "bool", "bool"),
        (Type("datetime"), "datetime", "datetime", "datetime | str"),
        (Type("object"), "object", "dict[str, Any]", "Mapping[str, Any]"),
        (Type("map"), "dict(str, str)", "dict[str, str]", "Mapping[str, str]"),
        (Type("model", "Page"), "Page", "Page", "Page | Mapping[str, Any]"),
        (PAGES, "list[Page]", "list[Page]", "Sequence[Page | Mapping[str, Any]]"),
        (Type("list", item=Type("string")), "list[str]", "list[str]", "Sequence[str]"),
        (Type("file"), "file", "Response", "Response"),
    ],
)
def test_types(kind: Type, declared: str, read: str, write: str) -> None:
    assert (kind.declared, kind.read, kind.write) == (declared, read, write)


def field(kind: Type, *, required: bool = False, nullable: bool = False, limits: Limits | None = None) -> Field:
    return Field("shelfMark", "shelf_mark", "Mark.", kind, limits or Limits(), required, nullable)


def test_annotations_of_fields() -> None:
    text = Type("string")
    assert field(text).attribute == "str"
    assert field(text, nullable=True).attribute == "str | None"
    assert field(text, required=True).written == "str"
    assert field(text).written == "str | Null | None"


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        (Type("string"), 'data["shelfMark"]'),
        (Type("datetime"), 'read_datetime(data["shelfMark"])'),
        (Type("model", "Page"), 'read_model(Page, data["shelfMark"])'),
        (PAGES, 'read_models(Page, data["shelfMark"])'),
    ],
)
def test_reading_of_fields(kind: Type, expression: str) -> None:
    assert field(kind).reading == expression


def test_checks_of_fields() -> None:
    assert (
        field(PAGES, required=True).checking
        == "check_models(self.shelf_mark, where, 'shelf_mark', Page, required=True)"
    )
    assert field(Type("integer"), limits=Limits(minimum=0, maximum=9)).checking == (
        "check_integer(self.shelf_mark, where, 'shelf_mark', minimum=0, maximum=9)"
    )


@pytest.mark.parametrize("pattern", ["^a$", "^a", r"a\$"])
def test_a_pattern_lets_no_line_break_pass_at_its_end(pattern: str) -> None:
    used = Limits(pattern=pattern).arguments["pattern"]
    for text in ("a", "a$", "ba"):
        assert bool(re.search(used, text)) == bool(re.search(pattern, text))
    assert pattern != "^a$" or not re.search(used, "a\n")
