"""One message lists everything that is wrong, and says nothing that is not."""

import re
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hydra_core.config import parse_config
from hydra_core.errors import ConfigError

EXAMPLE = (Path(__file__).parents[3] / "config" / "hall-d.example.yaml").read_text(encoding="utf-8")
KEYS = [match.start(1) for match in re.finditer(r"(?m)(?:^ *(?:- )?|[{,] ?)([a-z_]{2,})(?=:)", EXAMPLE)]


def test_problems_of_every_kind_come_together_in_the_order_of_the_file(
    sound: str, complaint: Callable[[str], str]
) -> None:
    text = (
        sound.replace("timezone: America/New_York", "timezone: Mars/Base\ntimezone: UTC")
        .replace("path: incoming", "path: incoming, poling: 2s")
        .replace("{pv: CDC_OCC,", "{pv: CDC_OCC, stale_after: 5, novelty: 3,")
        .replace("  FCAL_occupancy: {pv: FCAL_OCC", "  FCAL_occupancy: {pv: SYS, threshold: {Bud: 0.5}")
    )
    assert complaint(text).splitlines() == [
        'hall.yaml:2: timezone: "Mars/Base" is no time zone',
        "hall.yaml:3: timezone: given twice; the first is on line 2, keep one",
        'hall.yaml:11: sources[0].poling: unknown key; did you mean "polling"?',
        "hall.yaml:13: plots.CDC_occupancy.stale_after: a duration needs its unit; "
        'write "5s" for seconds or "5m" for minutes',
        "hall.yaml:13: plots.CDC_occupancy.novelty: must be from 0 to 1, got 3",
        'hall.yaml:14: plots.FCAL_occupancy.threshold.Bud: unknown class; did you mean "Bad"?',
        'hall.yaml:14: plots.FCAL_occupancy.pv: "SYS" is taken: '
        '"SYS", the service itself, already serves HYDRA:HALLD:SYS:MODE',
    ]


def test_a_fault_of_the_defaults_is_reported_once(sound: str, complaint: Callable[[str], str]) -> None:
    assert complaint(sound.replace("key: b", "key: g")).splitlines() == [
        'hall.yaml:8: defaults.classes.Bad.key: "g" is already the key of Good; "b" is free'
    ]
    assert complaint(sound.replace(", key: g", "")).splitlines() == [
        'hall.yaml:7: defaults.classes.Good.key: missing: one lower-case letter or digit, e.g. "g"'
    ]


def test_a_wrong_part_causes_no_false_complaint_elsewhere(sound: str, complaint: Callable[[str], str]) -> None:
    """Without its PV the gate is not called unusable, and without its severity the class not unknown."""
    gated = sound.replace("beam: IBCAD00CRCUR6", "beam: 7").replace(
        "  threshold: 0.9", "  active_when: {beam_above: 5}"
    )
    assert complaint(gated) == (
        'hall.yaml:3: epics.inputs.beam: must be text, got the number 7; write "7" in quotes if it is meant as text'
    )
    odd = "{pv: CDC_OCC, threshold: {Odd: 0.5}, classes: {Odd: {severity: strange, key: o}},"
    assert complaint(sound.replace("{pv: CDC_OCC,", odd)) == (
        "hall.yaml:12: plots.CDC_occupancy.classes.Odd.severity: "
        'must be one of none, minor, major; got the text "strange"'
    )


def test_plots_that_are_all_wrong_are_not_called_missing(sound: str, complaint: Callable[[str], str]) -> None:
    said = complaint(sound.replace("{pv: ", "{pvv: "))
    assert said.splitlines() == [
        'hall.yaml:12: plots.CDC_occupancy.pvv: unknown key; did you mean "pv"?',
        'hall.yaml:13: plots.FCAL_occupancy.pvv: unknown key; did you mean "pv"?',
    ]


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """The example with one to three keys changed by a letter."""
    text = EXAMPLE
    for start in sorted(draw(st.sets(st.sampled_from(KEYS), min_size=1, max_size=3)), reverse=True):
        end = text.index(":", start)
        at = draw(st.integers(start, end - 1))
        letter = draw(st.characters(codec="utf-8", exclude_characters="\n"))
        text = text[:at] + letter + text[at + draw(st.integers(0, 1)) :]
    return text


@given(misspelt())
@settings(max_examples=150, deadline=None)
def test_a_misspelt_key_is_never_anything_but_a_config_error(text: str) -> None:
    try:
        parse_config(text, Path("hall.yaml"), {})
    except ConfigError as error:
        assert all(re.match(r"hall\.yaml:\d+: ", line) for line in str(error).splitlines())


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=150, deadline=None)
def test_any_text_at_all_is_a_config_error(text: str) -> None:
    try:
        parse_config(text, Path("hall.yaml"), {})
    except ConfigError as error:
        assert str(error).startswith("hall.yaml")
    else:
        raise AssertionError("no text this short is a hall")
