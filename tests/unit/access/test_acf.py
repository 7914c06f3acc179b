"""Access files: what they mean, and what is said of wrong ones."""

from pathlib import Path

import pytest

from hydra_core.acf import AccessRules, Grant, Level, load_rules, parse_rules
from hydra_core.errors import ConfigError

JLAB = """
# as they are written at JLab
UAG(shift) {hbuser, "hb-shift"}
UAG(empty)
HAG(counting) {clonpc1, CLONPC2, 129.57.1.2}
ASG(DEFAULT) {
    RULE(1,READ)
    RULE(1,WRITE,TRAPWRITE) { UAG(shift) HAG(counting) }
}
ASG(EXPERT) {
    INPA(P:MODE) INPL("P{x}:BEAM")
    RULE(1, READ, NOTRAPWRITE)
    RULE(1, WRITE, TRAPWRITE) { UAG(shift), CALC("A=1&&L<5") }
}
"""


@pytest.fixture
def rules() -> AccessRules:
    return parse_rules(JLAB, "x.acf")


def test_users_hosts_and_inputs(rules: AccessRules) -> None:
    assert rules.users == {"shift": {"hbuser", "hb-shift"}, "empty": frozenset()}
    assert rules.hosts == {"counting": {"clonpc1", "clonpc2", "129.57.1.2"}}
    assert list(rules.input_pvs()) == [("EXPERT", "A", "P:MODE"), ("EXPERT", "L", "P{x}:BEAM")]
    assert rules.resolved(lambda host: ["10.0.0.1"] if host == "clonpc1" else []).hosts == {"counting": {"10.0.0.1"}}


@pytest.mark.parametrize(
    ("group", "user", "address", "inputs", "expected"),
    [
        ("DEFAULT", "hbuser", "129.57.1.2", {}, Grant(Level.WRITE, True)),
        ("DEFAULT", "hbuser", "10.0.0.1", {}, Grant(Level.READ)),
        ("DEFAULT", "guest", "129.57.1.2", {}, Grant(Level.READ)),
        ("NOT_THERE", "hbuser", "129.57.1.2", {}, Grant(Level.WRITE, True)),
        ("EXPERT", "hb-shift", "10.0.0.1", {"A": 1.0, "L": 4.0}, Grant(Level.WRITE, True)),
        ("EXPERT", "hb-shift", "10.0.0.1", {"A": 1.0, "L": 6.0}, Grant(Level.READ)),
        ("EXPERT", "hb-shift", "10.0.0.1", {"A": 1.0, "L": None}, Grant(Level.READ)),
        ("EXPERT", "hb-shift", "10.0.0.1", {}, Grant(Level.READ)),
    ],
)
def test_who_may_what(
    rules: AccessRules, group: str, user: str, address: str, inputs: dict[str, float | None], expected: Grant
) -> None:
    assert rules.grant(rules.group(group), 1, user, address, inputs) == expected


def test_without_default_others_get_nothing() -> None:
    rules = parse_rules("ASG(A) { RULE(1,WRITE) }", "x")
    assert rules.grant(rules.group("B"), 0, "u", "1.2.3.4", {}) == Grant()


WRONG = [
    ("UAG(a) {b", '1: expected "}", found the end of the file'),
    ("UAG a {b}", '1: expected "(", found "a"'),
    ("\n\nUGA(a) {b}", '3: expected UAG, HAG or ASG, found "UGA"'),
    ("UAG(a) {b}\nUAG(a) {c}", "2: UAG(a) is there twice; join the two"),
    ("UAG(a) {}", '1: expected the name of a user, found "}"'),
    ("HAG(a) {b,}", '1: expected the name or address of a host, found "}"'),
    ("ASG(a) { RULE(2,READ) }", '1: expected 0 or 1, the access level of the fields, found "2"'),
    ("ASG(a) { RULE(1,REED) }", '1: expected READ, WRITE or NONE, found "REED"'),
    ("ASG(a) {\n RULE(1,WRITE,TRAP) }", '2: expected TRAPWRITE or NOTRAPWRITE, found "TRAP"'),
    ("ASG(a) { RULE(1,WRITE) { UAG(b) } }", "1: UAG(b) is not defined before it is used"),
    ("ASG(a) { RULE(1,WRITE) { USER(b) } }", '1: expected UAG, HAG, CALC or "}", found "USER"'),
    ("ASG(a) { RULE(1,WRITE) { METHOD(ca) } }", "1: METHOD is not supported: Hydra's rules are about Channel Access"),
    ("ASG(a) { INPZ(P) }", '1: expected RULE, INPA to INPU or "}", found "INPZ"'),
    ("ASG(a) { INPA(P) INPA(Q) }", "1: INPA is there twice"),
    ('ASG(a) {\n RULE(1,READ) { CALC("A=1") } }', '2: CALC("A=1") needs INPA, which ASG(a) does not have'),
    ('ASG(a) { INPA(P)\n RULE(1,READ) { CALC("A=") } }',
     '2: CALC("A="), column 3: expected a number, an input A to U, a function or "(", found the end of the expression'),
    ("ASG(a) { } ASG(a) { }", "1: ASG(a) is there twice; join the two"),
    ("ASG(a) { ! }", '1: expected RULE, INPA to INPU or "}", found "!"'),
    ('ASG("a) { }', '1: expected the name of the ASG, found """'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[case[1][:40] for case in WRONG])
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rules(text, "hall.acf")
    assert str(caught.value) == f"hall.acf:{said}"


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "x.acf"
    with pytest.raises(ConfigError, match=r"no such file; epics\.access_file"):
        load_rules(path, [])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rules(path, [])
    path.write_text("ASG(DEFAULT) { INPA(P:A) INPB(P:B.VAL) INPC(OTHER) }")
    with pytest.raises(ConfigError, match=r"ASG\(DEFAULT\): INPC\(OTHER\) is no PV of this IOC"):
        load_rules(path, ["P:A", "P:B"])
