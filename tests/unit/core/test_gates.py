"""Gate expressions: what they mean, what they do with inputs that are not known, and where they are wrong."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hydra_core.domain import Gate
from hydra_core.gates import GateError, Reading, parse, terms, unmet

INPUTS = ("beam", "rate", "run_state", "run")
NOW = {"beam": Reading(7.5), "rate": Reading(100.0), "run_state": Reading(2.0, "RUNNING"), "run": Reading(42.0)}


def holds(text: str, **readings: Reading) -> bool | None:
    gate = parse(text, INPUTS)
    closed, lost = unmet(gate, {**NOW, **readings})
    return False if closed else None if lost else True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beam > 5", True),
        ("beam > 7.5", False),
        ("beam >= 7.5 and rate <= 1e2", True),
        ("beam<5 or rate==100", True),
        ("not beam < 5", True),
        ("not (beam > 5 and rate > 5)", False),
        ("run_state in [RUNNING]", True),
        ("run_state in [STOPPED, 'CALIB 2']", False),
        ("run_state not in [STOPPED]", True),
        ("run_state == RUNNING", True),
        ('run_state != "RUNNING"', False),
        ("run_state == 2", True),
        ("run_state in [1, 2]", True),
        ("beam > run", False),
        ("beam > -3 and (rate > 200 or run_state == RUNNING)", True),
        ("rate > 200 and beam > 5 or run == 42", True),
    ],
)
def test_what_an_expression_means(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beam > 5", None),
        ("not beam > 5", None),
        ("beam > 5 and rate > 200", False),
        ("beam > 5 and rate > 50", None),
        ("beam > 5 or rate > 50", True),
        ("beam > 5 or rate > 200", None),
        ("beam in [1, 2]", None),
        ("beam not in [1]", None),
    ],
)
def test_a_lost_input_decides_nothing_that_the_others_have_not_decided(text: str, expected: bool | None) -> None:
    assert holds(text, beam=Reading()) is expected


def test_an_input_of_the_wrong_kind_is_like_a_lost_one() -> None:
    assert holds("beam > 5", beam=Reading(None, "on")) is None
    assert holds("run_state in [RUNNING]", run_state=Reading(2.0)) is None


def test_what_closes_a_gate_is_named() -> None:
    gate = terms(Gate(5.0, 50.0, "run_state in [STOPPED]  and run > 1"), INPUTS)
    assert unmet(gate, {**NOW, "beam": Reading(1.0)}) == ("beam > 5", "")
    assert unmet(gate, NOW) == ("run_state in [STOPPED]", "")
    assert unmet(gate, {**NOW, "run_state": Reading(), "rate": Reading()}) == ("", "rate, run_state")
    assert unmet(terms(Gate(), INPUTS), {}) == ("", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("baem > 5", 'column 1: "baem" is no input; did you mean "beam"?'),
        ("beam > 5 and", "column 13: ends too early; the name of an input is missing"),
        ("beam = 5", 'column 6: "=" means nothing here; write "==" to compare'),
        ("beam > 5 && rate > 1", 'column 10: "&" means nothing here; write "and", "or", "not"'),
        ("beam", 'column 5: "beam" needs a comparison: < <= > >= == != or in [...]'),
        ("(beam > 5", 'column 10: ")" is missing'),
        ("beam > 5)", 'column 9: ")" is not expected; join conditions with "and" or "or"'),
        ("beam > 5 rate > 1", 'column 10: "rate" is not expected; join conditions with "and" or "or"'),
        ("run_state in RUNNING", 'column 14: "[" is missing'),
        ("run_state in []", 'column 15: "]" is no number and no text'),
        ("run_state in ['RUNNING]", "column 15: the quote is not closed"),
        ("run_state > RUNNING", 'column 13: "RUNNING" is no number and no input, which alone can be less or more'),
        ("beam not > 5", 'column 10: "not" is followed by "in" here'),
        ("5 < beam", 'column 1: "5" is no input; inputs: beam, rate, run, run_state'),
        ("beam.__class__ == 1", 'column 5: "." means nothing here'),
        ("beam > 5 or (rate > 1 and )", 'column 27: ")" is no input; inputs: beam, rate, run, run_state'),
        (" ", "column 1: empty; write a condition such as beam > 5"),
        ("(" * 30 + "beam > 1" + ")" * 30, "column 21: nested more than 20 deep"),
        ("beam > 5 and " * 60, "column 500: longer than 500 characters"),
    ],
)
def test_an_error_says_where_and_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(GateError) as caught:
        parse(text, INPUTS)
    assert str(caught.value) == said


@given(st.text(alphabet=" beamratnodi()[],<>=!'\"0123.", max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        gate = parse(text, INPUTS)
    except GateError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert unmet(gate, NOW) is not None


def trees() -> st.SearchStrategy[Any]:
    leaf = st.tuples(st.sampled_from(["beam", "rate"]), st.sampled_from(["<", ">", "=="]), st.integers(0, 3))
    return st.recursive(
        leaf,
        lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
        max_leaves=8,
    )


def written(tree: Any) -> str:
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    if tree[0] in ("and", "or"):
        return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"
    return f"{tree[0]} {tree[1]} {tree[2]}"


def plainly(tree: Any, values: dict[str, int]) -> bool:
    if tree[0] == "not":
        return not plainly(tree[1], values)
    if tree[0] in ("and", "or"):
        said = plainly(tree[1], values), plainly(tree[2], values)
        return all(said) if tree[0] == "and" else any(said)
    left, right = values[tree[0]], tree[2]
    return {"<": left < right, ">": left > right, "==": left == right}[tree[1]]


@given(trees(), st.integers(0, 3), st.integers(0, 3))
def test_logic_is_that_of_python(tree: Any, beam: int, rate: int) -> None:
    readings = {"beam": Reading(float(beam)), "rate": Reading(float(rate))}
    closed, lost = unmet(parse(written(tree), INPUTS), readings)
    assert (closed == "", lost) == (plainly(tree, {"beam": beam, "rate": rate}), "")
