"""Expressions: what they can do, and what an untrusted one can't."""

from __future__ import annotations

from typing import Any

import pytest

from ubiops.emulator.areas.pipelines.expressions import ExpressionError, check, evaluate

VALID: list[tuple[str, dict[str, Any], Any]] = [
    ("millimetres > 2", {"millimetres": 2.4}, True),
    ("station + ': rain in ' + unit", {"station": "de-bilt", "unit": "mm"}, "de-bilt: rain in mm"),
    ("25.4 * 2", {}, 50.8),
    ("a if b else c", {"a": 1, "b": 0, "c": 3}, 3),
    ("a and b or c", {"a": 1, "b": 0, "c": 3}, 3),
    ("not a", {"a": []}, True),
    ("1 < a <= 3", {"a": 3}, True),
    ("'x' in a and 'y' not in a", {"a": ["x"]}, True),
    ("a is None", {"a": None}, True),
    ("a % 3 + a // 3 + a ** 2 - -a", {"a": 7}, 59),
    ("5 & 6 | 8 ^ 1 << 1 >> 1", {}, 13),
    ("a['b'][0]", {"a": {"b": [4]}}, 4),
    ("a[1:3] + a[::-1][0]", {"a": "hello"}, "elo"),
    ("[x * 2 for x in a if x > 1]", {"a": [1, 2, 3]}, [4, 6]),
    ("{k: v + 1 for k, v in a.items()}", {"a": {"x": 1}}, {"x": 2}),
    ("sum(x for x in a)", {"a": [1, 2, 3]}, 6),
    ("(1, [2], {'a': 3})", {}, [1, [2], {"a": 3}]),
    ("{1: 2}", {}, {"1": 2}),
    ("f'{a:.2f} {b!r:>4} {c}'", {"a": 1.005, "b": "x", "c": [1]}, "1.00  'x' [1]"),
    ("len(a) + max(a) + min(a) + abs(-1)", {"a": [1, 5]}, 9),
    ("round(a, 1)", {"a": 2.44}, 2.4),
    ("sorted(a, reverse=True)", {"a": [1, 3, 2]}, [3, 2, 1]),
    ("list(range(3)) + list(reversed([1, 2]))", {}, [0, 1, 2, 2, 1]),
    ("[[i, x] for i, x in enumerate(a)] + list(zip(a, a))", {"a": ["p"]}, [[0, "p"], ["p", "p"]]),
    ("a.upper().split(',')", {"a": "x,y"}, ["X", "Y"]),
    ("', '.join(a)", {"a": ["x", "y"]}, "x, y"),
    ("a.get('x', 5)", {"a": {}}, 5),
    ("a.replace('x', 'yy').zfill(6)", {"a": "axa"}, "00ayya"),
    ("int('12') + float('1.5') + int(bool(a))", {"a": "x"}, 14.5),
    ("str(a)", {"a": 1}, "1"),
    ("len", {"len": 5}, 5),
]
WRONG = [
    ("milimetres > 2", "name 'milimetres' is not defined"),
    ("", "the expression is empty"),
    ("1 +", "the expression is not valid"),
    ("1\n2", "must be a single line"),
    ("a / 0", "division by zero"),
    ("a['x']", "not subscriptable"),
    ("{'a': 1}['b']", "there is no key 'b'"),
    ("a.real", "'.real' is not allowed"),
    ("().__class__.__bases__", "is not allowed"),
    ("'{0.__class__}'.format(a)", "'.format' is not allowed"),
    ("a.upper()", "'int' has no method 'upper'"),
    ("__import__('os')", "name '__import__' is not defined"),
    ("open('/etc/passwd')", "name 'open' is not defined"),
    ("(lambda: 1)()", "Lambda is not allowed"),
    ("(b := 1)", "NamedExpr is not allowed"),
    ("{1, 2}", "Set is not allowed"),
    ("[*[1]]", "Starred is not allowed"),
    ("{**{}}", "** is not allowed"),
    ("dict(**{})", "** is not allowed"),
    ("len", "'len' is a function"),
    ("(len)(1)(2)", "only functions and methods"),
    ("b'x'", "a constant of type bytes"),
    ("1j", "a constant of type complex"),
    ("'%1000000000d' % a", "formatting with % is not allowed"),
    ("f'{a:>1000000000}'", "is not allowed"),
    ("9 ** 9 ** 9", "too large"),
    ("2 ** 2000 * 2 ** 2000", "too large"),
    ("1 << 10 ** 9", "a shift must be"),
    ("(-1) ** 0.5", "complex"),
    ("1e308 * 10", "not a JSON number"),
    ("'a' * 10 ** 9", "too long"),
    ("[0] * 10 ** 9", "too long"),
    ("('a' * 999999).replace('a', 'b' * 999999)", "too long"),
    ("'a'.zfill(10 ** 9)", "too long"),
    ("('a' * 1000).join('b' * 900000)", "too long"),
    ("('a' * 900000).join(dict(zip('abc', 'abc')))", "too long"),
    ("('a' * 500000).rfind('ab' + 'a' * 250000)", "takes too long"),
    ("('a' * 500000).rsplit(sep='ab' + 'a' * 250000)", "takes too long"),
    ("('a' * 500000).strip('b' * 250000 + 'a')", "takes too long"),
    ("'a' * 250000 + 'b' in 'a' * 500000", "takes too long"),
    ("range(10 ** 9)", "too long"),
    ("int('9' * 5000)", "too large"),
    ("round(1, -10 ** 9)", "round takes"),
    ("sum([[1], [2]], [])", "sum adds numbers"),
    ("[0 for x in range(1000) for y in range(1000)]", "takes too long"),
    ("[[x, x] for x in [[1] * 1000] * 1000]", "too"),
    ("str([[0] * 1000] * 1000)", "takes too long"),
    ("[[0] * 1000] * 1000 == [[0] * 1000] * 1000", "takes too long"),
    ("-" * 3000 + "1", "nested too deeply"),
    ("not " * 900 + "1", "nested too deeply"),
    ("(" * 900 + "1" + ")" * 900, "nested too deeply"),
    ("+".join("1" * 1900), "nested too deeply"),
    ("1 if 1 else " * 300 + "1", "nested too deeply"),
    ("1" + "[0]" * 1000, "nested too deeply"),
    ("a" * 5000, "longer than 4,000 characters"),
    ("{[]: 1}", "a key must be a string or a number"),
    ("[0 for a.b in [1]]", "is not allowed"),
    ("[0 for b, c in [[1]]]", "unpacks 2 values"),
    ("1 @ 2", "MatMult is not allowed"),
    ("{} | {}", "objects can't be combined"),
]


@pytest.mark.parametrize(("expression", "values", "result"), VALID, ids=[one[0] for one in VALID])
def test_an_expression_has_the_value_that_it_has_in_python(
    expression: str, values: dict[str, Any], result: Any
) -> None:
    assert evaluate(expression, values) == result
    check(expression, values)


@pytest.mark.parametrize(("expression", "error"), WRONG, ids=[one[0][:40] for one in WRONG])
def test_an_expression_that_is_wrong_or_too_costly_fails(expression: str, error: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        evaluate(expression, {"a": 1})
    assert error in str(raised.value)


def test_expressions_are_evaluated_by_a_call(api: Any) -> None:
    fields = [{"name": "millimetres", "data_type": "double"}]
    body = {"expression": "millimetres > 2", "input_fields": fields, "request_data": {"millimetres": 2.4}}
    assert api.ok("POST", "/expressions/evaluate", body) == {"result": True}
    assert api.ok("POST", "/expressions/evaluate", {"expression": "25.4 * 2", "input_fields": []}) == {"result": 50.8}
    error = api.fails(400, "POST", "/expressions/evaluate", {**body, "expression": "milimetres"})
    assert error == "name 'milimetres' is not defined"
    body["request_data"]["station"] = "x"
    assert "station" in api.fails(400, "POST", "/expressions/evaluate", body)
    body["request_data"] = {"millimetres": "much"}
    assert "must be of type double" in api.fails(400, "POST", "/expressions/evaluate", body)
