"""Values of a hall's YAML that are wrong by themselves, each with the message a person gets."""

# ruff: noqa: E501 (a whole message in one line is what a person sees)

from collections.abc import Callable

import pytest

# What is wrong, what in the sound file is replaced, by what, and what is said (each line after "hall.yaml:").
# fmt: off
BROKEN: list[tuple[str, str, str, str]] = [
    ("unknown key", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, treshold: 0.5}\n", '12: plots.CDC_occupancy.treshold: unknown key; did you mean "threshold"?'),
    ("unknown top-level key", "timezone:", "time_zone:", '2: time_zone: unknown key; did you mean "timezone"?'),
    ("misspelt required key", "  CDC_occupancy: {pv:", "  CDC_occupancy: {pw:", '12: plots.CDC_occupancy.pw: unknown key; did you mean "pv"?'),
    ("key of a section at the top", "timezone: America/New_York", 'prefix: "X:"', '2: prefix: unknown key; "prefix" belongs under "epics"'),
    ("section indented too far", "timezone: America/New_York", "web: {port: 80, logbook: {kind: olog}}", '2: web.logbook: unknown key; "logbook" belongs at the top level (is it indented too far?)'),
    ("comma in unquoted text", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Check HV, then call}\n", "12: plots.CDC_occupancy.then call: unknown key; is it the rest of a text? Text with a comma inside { } needs quotes"),
    ("unknown key deep in a class", "key: g}", "key: g, color: red}", '7: defaults.classes.Good.color: unknown key; did you mean "colour"?'),
    ("missing deployment", "deployment: hall-d\n", "", "1: deployment: missing: the hall's short name, e.g. \"hall-d\""),
    ("missing prefix", 'prefix: "HYDRA:HALLD:", ', "", '3: epics.prefix: missing: begins every PV name, e.g. "HYDRA:HALLD:"'),
    ("missing pv", "{pv: FCAL_OCC, ", "{", '13: plots.FCAL_occupancy.pv: missing: short name in PV names, e.g. "CDC_OCC"'),
    ("missing epics", 'epics: {prefix: "HYDRA:HALLD:", inputs: {beam: IBCAD00CRCUR6}}\n', "", "1: epics: missing: the IOC's names and network; it needs at least a prefix"),
    ("deployment with a space", "hall-d", "hall d", '1: deployment: "hall d" must be 1 to 32 letters, digits, "-" or "_", e.g. "hall-d"'),
    ("unknown time zone", "America/New_York", "America/NewYork", '2: timezone: "America/NewYork" is no time zone; did you mean "America/New_York"?'),
    ("boolean where text is wanted", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, title: true}\n", '12: plots.CDC_occupancy.title: must be text, got the boolean true; write "true" in quotes if it is meant as text'),
    ("number where text is wanted", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, group: 7}\n", '12: plots.CDC_occupancy.group: must be text, got the number 7; write "7" in quotes if it is meant as text'),
    ("empty section", "sources:", "web:\nsources:", "9: web: is empty; it must be a mapping of keys"),
    ("empty plot type", "  FCAL_occupancy: {pv: FCAL_OCC, response: Call.}", "  FCAL_occupancy:", "13: plots.FCAL_occupancy: is empty; it must be a mapping of keys"),
    ("list where a mapping is wanted", "  FCAL_occupancy: {pv: FCAL_OCC, response: Call.}", "  FCAL_occupancy: [FCAL_OCC]", "13: plots.FCAL_occupancy: must be a mapping of keys, got a list"),
    ("mapping where a list is wanted", "  - {kind: directory,", "    {kind: directory,", "9: sources: must be a list, such as [a, b], got a mapping"),
    ("text where a number is wanted", "epics: {", 'epics: {port: "5064", ', '3: epics.port: must be a whole number, got the text "5064"'),
    ("port 0", "epics: {", "epics: {port: 0, ", "3: epics.port: must be at least 1, got 0"),
    ("port too high", "sources:", "web: {port: 80800}\nsources:", "9: web.port: must be at most 65535, got 80800"),
    ("port with a fraction", "epics: {", "epics: {port: 5064.5, ", "3: epics.port: must be a whole number, got the number 5064.5"),
    ("threshold as percent", "threshold: 0.9", "threshold: 90", "5: defaults.threshold: must be from 0 to 1, got 90; did you mean 0.9?"),
    ("threshold above 1", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, threshold: {Bad: 1.2}}\n", "12: plots.CDC_occupancy.threshold.Bad: must be from 0 to 1, got 1.2"),
    ("threshold below 0", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, threshold: -1}\n", "12: plots.CDC_occupancy.threshold: must be from 0 to 1, got -1"),
    ("threshold NaN", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, threshold: .nan}\n", "12: plots.CDC_occupancy.threshold: must be from 0 to 1, got nan"),
    ("threshold as text", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", '  CDC_occupancy: {pv: CDC_OCC, threshold: "0.9"}\n', '12: plots.CDC_occupancy.threshold: must be a number from 0 to 1, got the text "0.9"'),
    ("threshold as a boolean", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, threshold: {Bad: on}}\n", '12: plots.CDC_occupancy.threshold.Bad: must be a number from 0 to 1, got the text "on"'),
    ("k larger than n", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, confirm: {bad: 3 of 2}}\n", '12: plots.CDC_occupancy.confirm.bad: "3 of 2" can never come true; did you mean "2 of 3"?'),
    ("n too large", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, confirm: {bad: 2 of 17}}\n", '12: plots.CDC_occupancy.confirm.bad: "2 of 17" looks back further than 16 plots; n may be at most 16'),
    ("k of zero", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, confirm: {clear: 0 of 2}}\n", '12: plots.CDC_occupancy.confirm.clear: "0 of 2": k and n must be at least 1'),
    ("not k of n", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, confirm: {bad: 2/3}}\n", '12: plots.CDC_occupancy.confirm.bad: must be "k of n", e.g. "2 of 3", got the text "2/3"'),
    ("duration without unit", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, stale_after: 300}\n", '12: plots.CDC_occupancy.stale_after: a duration needs its unit; write "300s" for seconds or "300m" for minutes'),
    ("duration of unknown unit", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, stale_after: 5min}\n", '12: plots.CDC_occupancy.stale_after: "5min" is no duration; write a number and s, m, h or d, such as 30s, 5m, 2h or 1d'),
    ("duration of zero", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, stale_after: 0s}\n", '12: plots.CDC_occupancy.stale_after: "0s" must be more than 0 and at most 10 years'),
    ("negative duration", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, stale_after: -5m}\n", '12: plots.CDC_occupancy.stale_after: "-5m" is no duration; write a number and s, m, h or d, such as 30s, 5m, 2h or 1d'),
    ("duration as a boolean", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, stale_after: false}\n", "12: plots.CDC_occupancy.stale_after: must be a duration such as 30s, 5m, 2h or 1d, got the boolean false"),
    ("novelty above 1", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, novelty: 2}\n", "12: plots.CDC_occupancy.novelty: must be from 0 to 1, got 2"),
    ("suspect severity", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, suspect_severity: major}\n", '12: plots.CDC_occupancy.suspect_severity: must be one of none, minor; got the text "major"; did you mean "minor"?'),
    ("unknown severity", "severity: major", "severity: mayor", '8: defaults.classes.Bad.severity: must be one of none, minor, major; got the text "mayor"; did you mean "major"?'),
    ("yes as a severity", "severity: major", "severity: yes", '8: defaults.classes.Bad.severity: must be one of none, minor, major; got the text "yes"'),
    ("key of two characters", "key: g}", "key: go}", '7: defaults.classes.Good.key: must be one lower-case letter or digit, e.g. "g", got the text "go"'),
    ("key as a number", "key: g}", "key: 1}", '7: defaults.classes.Good.key: must be text; write key: "1" in quotes'),
    ("capital key", "key: g}", "key: G}", '7: defaults.classes.Good.key: must be one lower-case letter or digit, e.g. "g", got the text "G"'),
    ("unknown colour", "key: g}", "key: g, colour: gren}", '7: defaults.classes.Good.colour: "gren" is no colour; write "#rrggbb" in quotes or a CSS name; did you mean "green"?'),
    ("colour eaten by a comment", "key: g}", "key: g, colour: '#12345'}", '7: defaults.classes.Good.colour: "#12345" is no colour; write "#rrggbb" in quotes or a CSS name'),
    ("class name too long", "    Bad:", "    AClassNameWithMoreThan25Characters:", '8: defaults.classes.AClassNameWithMoreThan25Characters: class name "AClassNameWithMoreThan25Characters" has 34 characters; EPICS enum strings hold 25'),
    ("class name not ASCII", "    Bad:", "    Schlecht_für_uns:", '8: defaults.classes.Schlecht_für_uns: class name "Schlecht_für_uns" must be ASCII; EPICS enum strings cannot hold anything else'),
    ("plot name with a dot", "  CDC_occupancy:", "  CDC.occupancy:", '12: plots.CDC.occupancy: "CDC.occupancy" is no plot name; use a letter, then letters, digits, "_" and "-" (at most 64), as in file names'),
    ("plot name with a slash", "  CDC_occupancy:", "  CDC/occupancy:", '12: plots.CDC/occupancy: "CDC/occupancy" is no plot name; use a letter, then letters, digits, "_" and "-" (at most 64), as in file names'),
    ("pv with a dot", "pv: CDC_OCC", "pv: CDC.OCC", '12: plots.CDC_occupancy.pv: "CDC.OCC" has "."; PV names may hold letters, digits and _ : - { } < >'),
    ("pv with a space", "pv: CDC_OCC", "pv: CDC OCC", '12: plots.CDC_occupancy.pv: "CDC OCC" has " "; PV names may hold letters, digits and _ : - { } < >'),
    ("pv with a colon at the end", "pv: CDC_OCC", 'pv: "CDC_OCC:"', '12: plots.CDC_occupancy.pv: "CDC_OCC:" must not begin or end with ":"; it is put between prefix and ":STATUS"'),
    ("prefix with a slash", "HYDRA:HALLD:", "HYDRA/HALLD:", '3: epics.prefix: "HYDRA/HALLD:" has "/"; PV names may hold letters, digits and _ : - { } < >'),
    ("input pv with a space", "beam: IBCAD00CRCUR6", "beam: IBC CUR", '3: epics.inputs.beam: "IBC CUR" is no PV name; it has 1 to 60 characters without spaces'),
    ("interface as a network", "epics: {", "epics: {interfaces: [10.0.0.0/8], ", '3: epics.interfaces[0]: "10.0.0.0/8" is a network; name one IPv4 address of this machine, or 0.0.0.0 for all'),
    ("interface out of range", "epics: {", "epics: {interfaces: [127.0.0.300], ", '3: epics.interfaces[0]: "127.0.0.300" is no IPv4 address; name one of this machine, e.g. 127.0.0.1, or 0.0.0.0 for all'),
    ("interface not in a list", "epics: {", "epics: {interfaces: 127.0.0.1, ", '3: epics.interfaces: must be a list, such as [a, b], got the text "127.0.0.1"'),
    ("no interfaces", "epics: {", "epics: {interfaces: [], ", "3: epics.interfaces: must not be empty"),
    ("unknown kind of source", "kind: directory", "kind: directry", '10: sources[0].kind: must be one of directory, http; got the text "directry"; did you mean "directory"?'),
    ("pattern without plot", "{plot}_", "plot_", '10: sources[0].pattern: "Run{run:d}/plot_{chunk:d}.png" lacks {plot}, the name of the plot'),
    ("pattern with an unknown placeholder", "{chunk:d}", "{chnk:d}", '10: sources[0].pattern: {chnk:d} is no placeholder; did you mean "{chunk:d}"?'),
    ("pattern with a lone brace", "{plot}_", "{plot_", '10: sources[0].pattern: "Run{run:d}/{plot_{chunk:d}.png" has a brace without its partner'),
    ("pattern out of the directory", "Run{run:d}/", "../Run{run:d}/", '10: sources[0].pattern: "../Run{run:d}/{plot}_{chunk:d}.png" must stay below path: no "/" at its start, no "..", no "\\"'),
    ("path with a tilde", "path: incoming", "path: ~/incoming", '10: sources[0].path: "~/incoming": "~" is not expanded, because services have no home; write the whole path'),
    ("path as a number", "path: incoming", "path: 7", "10: sources[0].path: must be a path, got the number 7"),
    ("password in the url", "sources:", "database: {url: 'mysql+pymysql://hydra:s3cret@db/hydra'}\nsources:", "9: database.url: holds a password; put it into password_file or $HYDRA_DB_PASSWORD"),
    ("unknown database", "sources:", "database: {url: 'mysql://hydra@db/hydra'}\nsources:", '9: database.url: "mysql" is no database Hydra speaks; known: sqlite, mysql+pymysql, mariadb+pymysql'),
    ("database without a host", "sources:", "database: {url: 'mysql+pymysql:///hydra'}\nsources:", "9: database.url: needs user, host and database: mysql+pymysql://hydra@dbhost/hydra_hall_d?charset=utf8mb4"),
    ("no url at all", "sources:", "database: {url: hydra}\nsources:", "9: database.url: is no database url, e.g. mysql+pymysql://hydra@dbhost/hydra_hall_d?charset=utf8mb4"),
    ("notice without address", "sources:", "notify: [{on: [stale]}]\nsources:", '9: notify[0]: needs exactly one of "url" and "url_file"'),
    ("notice about an unknown event", "sources:", "notify: [{url: 'mailto:a@b', on: [bad_confirm]}]\nsources:", '9: notify[0].on[0]: must be one of bad_confirmed, warn_confirmed, cleared, stale, error, service; got the text "bad_confirm"; did you mean "bad_confirmed"?'),
    ("web address without scheme", "sources:", "web: {base_url: hydra.example.org}\nsources:", '9: web.base_url: "hydra.example.org" is no web address; it begins with https:// or http://'),
    ("unknown role", "sources:", "web: {roles: {labeller: [shift]}}\nsources:", '9: web.roles.labeller: unknown key; did you mean "labeler"?'),
    ("no days", "sources:", "archive: {keep_days: {good: 0}}\nsources:", "9: archive.keep_days.good: must be at least 1, got 0"),
    ("size as text", "sources:", "archive: {max_bytes: 32MiB}\nsources:", '9: archive.max_bytes: must be a whole number, got the text "32MiB"'),
    ("infinite beam current", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, active_when: {beam_above: .inf}}\n", "12: plots.CDC_occupancy.active_when.beam_above: must be a finite number, got the number inf"),
    ("unknown logbook", "sources:", "logbook: {kind: elog, url: 'https://l', logbooks: [A]}\nsources:", '9: logbook.kind: must be one of olog, jlab, file; got the text "elog"; did you mean "olog"?'),
    ("class called *", "    Bad:", '    "*":', '8: defaults.classes.*: "*" is no class name'),
    ("empty prefix", "HYDRA:HALLD:", "", "3: epics.prefix: must not be empty"),
    ("data directory as a number", "timezone: America/New_York", "data_dir: 7", "2: data_dir: must be a path, got the number 7"),
    ("pattern with plot twice", "Run{run:d}", "{plot}", "10: sources[0].pattern: {plot} stands twice in the pattern; keep one"),
    ("pattern without a separator", "{plot}_{chunk:d}", "{plot}{chunk:d}", '10: sources[0].pattern: "Run{run:d}/{plot}{chunk:d}.png" has two placeholders side by side; put a separator such as "_" between them'),
    ("notice to nowhere", "sources:", "notify: [{url: operators}]\nsources:", '9: notify[0].url: "operators" is no address to notify, such as mailto://… or https://…'),
    ("SQLite without a file", "sources:", "database: {url: 'sqlite://'}\nsources:", "9: database.url: names no file; write sqlite:///hydra.sqlite3, or leave url out"),
    ("model with a name", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, model: v12}\n", '12: plots.CDC_occupancy.model: must be active; got the text "v12"'),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "said"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_wrong_value_is_refused_with_its_line(
    old: str, new: str, said: str, sound: str, complaint: Callable[[str], str]
) -> None:
    assert old in sound
    expected = "\n".join(f"hall.yaml:{line}" for line in said.split("\n"))
    assert complaint(sound.replace(old, new, 1)) == expected
