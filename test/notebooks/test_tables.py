"""Notebooks show models and lists of models as tables."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

import ubiops
from ubiops.models._html import _COLOURS, _MOST_FIELDS, _WIDEST
from ubiops.models._list import MOST_ROWS

DATE = "2026-11-23T10:00:00.123456Z"


class Table(HTMLParser):
    """The rows of the outermost table, and what a browser would do with the rest."""

    def __init__(self, html: str | None) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._depth = 0
        self._open: list[str] = []
        self.feed(html or "")
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._depth += tag == "table"
        if self._depth == 1 and tag == "tr":
            self.rows.append([])
        if self._depth == 1 and tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._depth -= tag == "table"

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += f"{data}\n"
        if self._depth:
            self.rows[-1][-1] += data


def shown(value: Any) -> Table:
    return Table(value._repr_html_())


def deployments(count: int, **fields: Any) -> ubiops.ModelList[ubiops.DeploymentList]:
    return ubiops.ModelList(
        ubiops.DeploymentList.from_dict({"name": f"d{number}", **fields}) for number in range(count)
    )


def versions(*values: dict[str, Any]) -> ubiops.ModelList[ubiops.DeploymentVersionList]:
    return ubiops.ModelList(map(ubiops.DeploymentVersionList.from_dict, values))


# --- what is shown --------------------------------------------------------------------


def test_a_model_is_a_table_of_all_its_fields() -> None:
    table = shown(ubiops.DeploymentDetail.from_dict({"name": "d", "labels": {"a": "b", "c": "d"}}))
    rows = dict(table.rows)
    assert list(rows) == list(ubiops.DeploymentDetail.attribute_map)
    assert rows["name"] == "d"
    assert rows["labels"] == "a: b, c: d"
    assert rows["description"] == "None"
    assert table.text.startswith("DeploymentDetail\n")


def test_a_model_to_send_shows_the_fields_that_are_given() -> None:
    table = shown(ubiops.EnvironmentVariableCreate(name="KEY", value="plain", secret=False))
    assert table.rows == [["name", "KEY"], ["value", "plain"], ["secret", "False"]]


def test_a_list_is_a_table_with_a_row_for_each_model() -> None:
    table = shown(deployments(2, creation_date=DATE, input_fields=[{"name": "a"}, {"name": "b"}]))
    assert table.rows == [
        ["", "name", "input_fields", "creation_date"],
        ["0", "d0", "a, b", "2026-11-23 10:00:00 UTC"],
        ["1", "d1", "a, b", "2026-11-23 10:00:00 UTC"],
    ]
    assert table.text.startswith("DeploymentList: 2 items\n")


def test_columns_without_a_value_are_named_below_the_table() -> None:
    table = shown(deployments(1, description="", labels={}))
    assert table.rows == [["", "name"], ["0", "d0"]]
    assert "Not shown: id, project, description" in table.text


def test_the_columns_that_tell_most_come_first() -> None:
    one = "6f1c2d34-0000-4000-8000-000000000000"
    everything = {**dict.fromkeys(ubiops.DeploymentVersionList.attribute_map, "x"), "id": one, "active_revision": one}
    head = shown(versions(everything)).rows[0]
    assert head[1:4] == ["version", "status", "deployment"]
    assert sum(map(len, head)) <= _WIDEST
    assert not {"id", "active_revision"} & set(head)
    assert shown(versions({"id": one, "version": "v1"})).rows == [["", "version", "id"], ["0", "v1", one]]


def test_a_long_list_is_shortened_with_a_note() -> None:
    table = shown(deployments(1000))
    assert len(table.rows) == 1 + MOST_ROWS
    assert table.text.startswith(f"DeploymentList: 1,000 items, of which the first {MOST_ROWS} are shown")
    assert len(deployments(100_000)._repr_html_() or "") < 20_000


def test_an_empty_list_and_one_of_other_values_are_left_to_their_text() -> None:
    assert ubiops.ModelList()._repr_html_() is None
    assert ubiops.ModelList([1])._repr_html_() is None


def test_a_list_of_several_kinds_of_models_has_the_columns_of_all() -> None:
    several = ubiops.ModelList(
        [ubiops.BuildList.from_dict({"id": "b"}), ubiops.DeploymentList.from_dict({"name": "d"})]
    )
    table = shown(several)
    assert table.rows[1:] == [["0", "None", "b"], ["1", "d", "None"]]
    assert table.text.startswith("BuildList, DeploymentList: 2 items\n")


def test_nested_models_are_tables_in_the_table() -> None:
    fields = [{"name": f"f{number}", "data_type": "int", "widget": {"type": "slider"}} for number in range(12)]
    html = ubiops.DeploymentDetail.from_dict({"input_fields": fields})._repr_html_()
    assert html.count("<table>") == 2
    assert "<td>f9</td>" in html
    assert "<td>f10</td>" not in html
    assert "2 more" in html


def test_every_status_has_a_colour_and_its_name() -> None:
    html = versions({"status": "available"}, {"status": "newer"})._repr_html_() or ""
    assert f'<span style="color:{_COLOURS["available"]}">●</span> available' in html
    assert "●</span> newer" in html


@pytest.mark.parametrize(
    ("received", "text"),
    [
        (DATE, "2026-11-23 10:00:00 UTC"),
        ("2026-11-23T10:00:00+02:00", "2026-11-23 10:00:00 +0200"),
        ("2026-11-23T10:00:00", "2026-11-23 10:00:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_dates_are_readable(received: str, text: str) -> None:
    assert shown(deployments(1, creation_date=received)).rows[1] == ["0", "d0", text]


def test_long_texts_are_shortened() -> None:
    text = "x" * 10_000
    assert shown(deployments(1, description=text)).rows[1][2] == "x" * 39 + "…"
    rows = dict(shown(ubiops.DeploymentDetail.from_dict({"description": text})).rows)
    assert rows["description"] == "x" * 499 + "…"


def test_lines_are_kept_in_the_table_of_one_model() -> None:
    text = "one\n\ttwo"
    assert (
        dict(shown(ubiops.DeploymentDetail.from_dict({"description": text})).rows)["description"] == "one\n        two"
    )
    assert shown(deployments(1, description=text)).rows[1][2] == "one two"


# --- what is not shown ----------------------------------------------------------------


@pytest.mark.parametrize("secret", [True, None])
def test_secret_values_are_redacted(secret: bool | None) -> None:
    variable = ubiops.EnvironmentVariableList.from_dict({"name": "KEY", "value": "hunter2", "secret": secret})
    for one in (variable, ubiops.ModelList([variable])):
        assert "hunter2" not in (one._repr_html_() or "")
        assert "***" in shown(one).text


HOSTILE = "<script>alert('1')</script><b onclick=\"x\">&amp;</b>\x00\x1b[31m\u202etxt"


def places(value: Any) -> Iterator[dict[str, Any]]:
    """Objects with a hostile value in each field, in the names and everywhere below."""
    for name in ubiops.DeploymentDetail.attribute_map:
        yield {name: value}
    yield {"labels": {value: value, "a": {value: [value]}}}
    yield {"input_fields": [{"name": value, "data_type": value, "widget": {"type": value, value: value}}]}
    yield {"input_fields": [value, {value: 1}]}
    yield {value: value}
    yield {f"__html__{value}": {value: [value, {value: value}]}}


@pytest.mark.parametrize("data", list(places(HOSTILE)), ids=repr)
def test_nothing_that_a_server_sends_is_read_as_html(data: dict[str, Any]) -> None:
    model = ubiops.DeploymentDetail.from_dict({"default_version": "v1", **data})
    for one in (model, ubiops.ModelList([model])):
        html = one._repr_html_() or ""
        table = Table(html)
        assert table.tags <= {"style", "div", "table", "thead", "tbody", "tr", "th", "td", "span", "time", "i"}
        assert table.attributes <= {"class", "style", "title"}
        assert "<script" not in html
        assert html.isprintable() or "\n" in html
        assert "\x1b" not in html
        assert "\u202e" not in html


@pytest.mark.parametrize(
    "value", [5, -1.5, True, [], [[[[]]]], {}, {"a": {"b": {"c": [{}]}}}, [None, 5, {"name": 5}], 10**5000], ids=type
)
def test_a_table_is_shown_whatever_a_server_sends(value: Any) -> None:
    for name in ubiops.DeploymentDetail.attribute_map:
        model = ubiops.DeploymentDetail.from_dict({name: value})
        assert shown(model).rows
        assert shown(ubiops.ModelList([model, model])).rows


def test_a_model_with_very_many_unknown_fields_is_shortened() -> None:
    model = ubiops.BuildList.from_dict({f"f{number}": number for number in range(5000)})
    table = shown(model)
    assert len(table.rows) == _MOST_FIELDS
    assert "more fields" in table.text
    assert "fields that this version of the library does not know" in shown(ubiops.ModelList([model])).text


def test_dollar_signs_are_not_taken_for_formulas() -> None:
    assert 'class="ubiops-models tex2jax_ignore mathjax_ignore"' in deployments(1)._repr_html_()  # type: ignore[operator]


def test_the_style_suits_light_and_dark_themes() -> None:
    html = deployments(1)._repr_html_() or ""
    style = html.partition("</style>")[0]
    assert "background:none" in style
    assert "background-color" not in style
    assert "color:inherit" in style
