"""Files that are not even YAML as Hydra reads it, each with the message a person gets."""

# ruff: noqa: E501 (a whole message in one line is what a person sees)

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from hydra_core.config import load_config, parse_config
from hydra_core.errors import ConfigError

# What is wrong, what in the sound file is replaced, by what, and what is said (each line after "hall.yaml:").
# fmt: off
BROKEN: list[tuple[str, str, str, str]] = [
    ("tab as indentation", "  threshold", "\tthreshold", "5: a tab; YAML is indented with spaces"),
    ("tab deeper down", "    Good", "\t\tGood", "7: a tab; YAML is indented with spaces"),
    ("unquoted colon at the end", 'epics: {prefix: "HYDRA:HALLD:", inputs: {beam: IBCAD00CRCUR6}}', "epics:\n  prefix: HYDRA:HALLD:", '4: not YAML: mapping values are not allowed here; the line is indented wrongly, or is text with ": " or a ":" at its end, which needs quotes, e.g. prefix: "HYDRA:HALLD:"'),
    ("unquoted colon in a flow mapping", '"HYDRA:HALLD:"', "HYDRA:HALLD:", "3: not YAML: expected ',' or '}', but got ':'; a { mapping } is not closed, lacks a comma, or has text with : or # that needs quotes"),
    ("no space after a colon", "timezone: ", "timezone:", "2: not YAML: could not find expected ':' on line 3; a key needs a colon and a space after it, e.g. \"port: 5064\""),
    ("key without a value", "timezone: America/New_York", "timezone", "2: not YAML: could not find expected ':' on line 3; a key needs a colon and a space after it, e.g. \"port: 5064\""),
    ("mapping not closed", "key: g}", "key: g", "7: not YAML: expected ',' or '}', but got ':' on line 8; a { mapping } is not closed, lacks a comma, or has text with : or # that needs quotes"),
    ("list not closed", "plots:", "web: {roles: {admin: [a}}\nplots:", "11: not YAML: expected ',' or ']', but got '}'; a [ list ] is not closed or lacks a comma"),
    ("quote not closed", 'HALLD:"', "HALLD:", "3: not YAML: expected ',' or '}', but got '<scalar>' on line 10; a { mapping } is not closed, lacks a comma, or has text with : or # that needs quotes"),
    ("colour without quotes", "key: g}", "key: g, colour: #00ff00}", "7: not YAML: expected ',' or '}', but got ':' on line 8; a { mapping } is not closed, lacks a comma, or has text with : or # that needs quotes"),
    ("line indented too far", "  - {kind", "   x: 1\n  - {kind", "11: not YAML: expected <block end>, but found '<block sequence start>'; this line is indented differently from the ones it belongs to, or a quote is not closed"),
    ("line indented too little", "  threshold", " threshold", '6: not YAML: mapping values are not allowed here; the line is indented wrongly, or is text with ": " or a ":" at its end, which needs quotes, e.g. prefix: "HYDRA:HALLD:"'),
    ("top-level key twice", "sources:", "timezone: UTC\nsources:", "9: timezone: given twice; the first is on line 2, keep one"),
    ("plot type twice", "  FCAL_occupancy", "  CDC_occupancy", "13: plots.CDC_occupancy: given twice; the first is on line 12, keep one"),
    ("key of a class twice", "key: g}", "key: g, key: h}", "7: defaults.classes.Good.key: given twice; the first is on line 7, keep one"),
    ("second document", "plots:", "---\nplots:", '11: not YAML: found another document; the file has a second document ("---"); keep one hall in one file'),
    ("tag of Python", "hall-d", "!!python/object/apply:os.system ['true']", '1: deployment: the tag "!!python/object/apply:os.system" is not allowed; remove it'),
    ("tag of somebody else", "hall-d", "!secret db", '1: deployment: the tag "!secret" is not allowed; remove it'),
    ("tag on a mapping", "epics: {", "epics: !!omap {", '3: epics: the tag "!!omap" is not allowed; remove it'),
    ("merge key", "{pv: CDC_OCC,", "{<<: {a: b}, pv: CDC_OCC,", '12: plots.CDC_occupancy.<<: merge keys are not read; put shared values into "defaults"'),
    ("alias without anchor", "hall-d", "*x", "1: not YAML: found undefined alias 'x'; text that starts with \"*\" needs quotes; as an alias it has no anchor"),
    ("star without quotes", '"Run{run:d}/{plot}_{chunk:d}.png"', "*/plot.png", "10: not YAML: expected alphabetic or numeric character, but found '/'; text that starts with \"*\" or \"&\" needs quotes"),
    ("alias inside its anchor", "hall-d", "&a [*a]", "1: an alias inside its own anchor"),
    ("nested without end", "hall-d", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "1: nested more than 32 deep"),
    ("list as a key", "deployment:", "? [a]\n: b\ndeployment:", "1: a key must be plain text"),
    ("empty key", "timezone", "''", "2: an empty key"),
    ("control character", "hall-d", "hall-d \u0007", "1: the character U+0007 is not allowed"),
    ("NUL", "hall-d", "hall\u0000d", "1: the character U+0000 is not allowed"),
    ("percent without quotes", "response: Call.", "response: %x", "12: not YAML: found character '%' that cannot start any token; text that starts with this character needs quotes"),
    ("at without quotes", "response: Call.", "contact: @me", "12: not YAML: found character '@' that cannot start any token; text that starts with this character needs quotes"),
    ("NO as a key", "sources:", "NO: 1\nsources:", "9: NO: unknown key; known: deployment, timezone, data_dir, database, archive, models, epics, defaults, sources, plots, notify, mail, web, logbook"),
    ("endless number", "threshold: 0.9", "threshold: 99999999999999999999999999999999999999999999999999", '5: defaults.threshold: "9999999999999999999999999999999999999999" is not a usable number'),
    ("number that overflows", "threshold: 0.9", "threshold: 1e999", "5: defaults.threshold: must be from 0 to 1, got inf"),
    ("octal of YAML 1.1", "epics: {", "epics: {port: 05064, ", '3: epics.port: must be a whole number, got the text "05064"'),
    ("sexagesimal of YAML 1.1", "epics: {", "epics: {port: 84:24, ", '3: epics.port: must be a whole number, got the text "84:24"'),
    ("underscores of YAML 1.1", "epics: {", "epics: {port: 5_064, ", '3: epics.port: must be a whole number, got the text "5_064"'),
    ("null where text is wanted", "hall-d", "~", "1: deployment: is empty; it must be text"),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "said"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_text_that_is_no_sound_yaml_is_refused(
    old: str, new: str, said: str, sound: str, complaint: Callable[[str], str]
) -> None:
    assert old in sound
    expected = "\n".join(f"hall.yaml:{line}" for line in said.split("\n"))
    assert complaint(sound.replace(old, new, 1)) == expected


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n" for before, after in pairwise("abcdefghi")
)
NO_MAPPING = 'hall.yaml:1: the file must be a mapping of keys, e.g. "deployment: hall-d"'
EMPTY = "hall.yaml: empty; it needs at least deployment, epics and plots"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", EMPTY),
        ("# nothing yet\n", EMPTY),
        ("- a\n- b\n", NO_MAPPING),
        ("hello\n", NO_MAPPING),
        (BOMB, "hall.yaml:1: more than 20000 values, aliases counted; this is no hall's configuration"),
    ],
    ids=["empty", "only a comment", "list", "text", "alias bomb"],
)
def test_a_file_that_is_no_mapping_is_refused(text: str, said: str, complaint: Callable[[str], str]) -> None:
    assert complaint(text) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("deployment: hall-d\n".encode("utf-16"), ":1: the file is UTF-16; save it as UTF-8"),
        (b"deployment: hall-d # gr\xfcn\n", ":1: byte 0xfc is not UTF-8; save the file as UTF-8"),
        (b"#" * (1 << 20) + b"\n", ": larger than 1 MiB; this is no hall's configuration"),
    ],
    ids=["UTF-16", "Latin-1", "too large"],
)
def test_bytes_that_are_no_text_are_refused(raw: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "hall.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert str(caught.value) == f"{path}{said}"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"none\.yaml: no such file; name the hall's YAML with -c or in \$HYDRA_CONFIG"
    ):
        load_config(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path, {})


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path, sound: str) -> None:
    path = tmp_path / "hall.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + sound.replace("\n", "\r\n").encode())
    assert load_config(path, {}).deployment == "hall-d"


def test_words_that_yaml_1_1_would_turn_into_booleans_stay_words(sound: str) -> None:
    text = sound.replace("{pv: CDC_OCC,", "{pv: ON, group: NO, title: yes, contact: 12:30,")
    plot = parse_config(text, Path("hall.yaml"), {}).plot_types()[0]
    assert (plot.pv, plot.group, plot.title, plot.contact) == ("ON", "NO", "yes", "12:30")


def test_an_honest_alias_is_read(sound: str) -> None:
    text = sound.replace("Call.", "&ask Ask the expert.", 1).replace("Call.", "*ask")
    assert {plot.response for plot in parse_config(text, Path("hall.yaml"), {}).plot_types()} == {"Ask the expert."}
