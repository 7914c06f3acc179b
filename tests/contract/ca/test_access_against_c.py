"""Access rules and CALC expressions beside a C IOC that reads the same file: libca has the same rights of both."""

import json
import math
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ca import CaClient, LoopThread, ca_env
from support.ports import free_port

from hydra_core.acf.calc import CalcError, parse_calc
from hydra_core.pvs import Kind, PvSpec
from hydra_ioc.access import AccessSecurity
from hydra_ioc.ca import CaServer, make_record

ME = pwd.getpwuid(os.geteuid()).pw_name
GROUPS = {"DEFAULT": "", "OPERATOR": "operator", "EXPERT": "expert"}
RULES = {
    "read only": "ASG(DEFAULT) { RULE(1,READ) }",
    "nothing for DEFAULT": "ASG(OPERATOR) { RULE(1,WRITE,TRAPWRITE) }",
    "my user": f'UAG(us) {{nobody, "{ME}"}} ASG(OPERATOR) {{ RULE(1,READ) RULE(1,WRITE) {{ UAG(us) }} }}',
    "another user": "UAG(them) {nobody} ASG(OPERATOR) { RULE(1,READ) RULE(1,WRITE) { UAG(them) } }",
    "my address": "HAG(here) {127.0.0.1} ASG(EXPERT) { RULE(1,WRITE) { HAG(here) } }",
    "another address": "HAG(there) {192.0.2.7} ASG(EXPERT) { RULE(1,READ) RULE(1,WRITE) { HAG(there) } }",
    "user and address": f"UAG(us) {{{ME}}} HAG(there) {{192.0.2.7}} "
    "ASG(EXPERT) { RULE(1,WRITE) { UAG(us) HAG(there) } }",
    "value but not fields": "ASG(DEFAULT) { RULE(0,READ) } ASG(OPERATOR) { RULE(0,WRITE) RULE(1,READ) }",
    "fields follow level 1": "ASG(OPERATOR) { RULE(0,READ) RULE(1,WRITE) }",
    "NONE gives nothing and takes nothing": "ASG(OPERATOR) { RULE(1,WRITE) RULE(1,NONE) } ASG(EXPERT) { RULE(1,NONE) }",
    "mode": 'ASG(EXPERT) { INPA({p}MODE) RULE(1,READ) RULE(1,WRITE) { CALC("A=1") } }',
    "mode for reading": 'ASG(DEFAULT) { INPA({p}MODE) INPB({p}MODE) RULE(1,READ) { CALC("A>0&&B<3") } }',
}  # fmt: skip
NAMES = ("DEFAULT", "OPERATOR", "EXPERT", "DEFAULT.DESC", "OPERATOR.DESC", "EXPERT.EGU")
CALCS: list[tuple[str, dict[str, float]]] = [
    ("A=1", {"A": 1}), ("A==1", {"A": 2}), ("A#1", {"A": 2}), ("A!=1", {"A": 1}), ("!A", {"A": 3}),
    ("A&&B", {"A": 2, "B": 4}), ("A&B", {"A": 6, "B": 3}), ("A||B", {"A": 0, "B": 5}), ("A|B", {"A": 4, "B": 1}),
    ("A AND B", {"A": 6, "B": 3}), ("A OR B", {"A": 4, "B": 1}), ("A XOR B", {"A": 7, "B": 2}),
    ("A<B", {"A": 1, "B": 2}), ("A<=B", {"A": 2, "B": 2}), ("A>B?C:D", {"A": 1, "B": 2, "C": 3, "D": 4}),
    ("A+B*C", {"A": 1, "B": 2, "C": 3}), ("(A+B)*C", {"A": 1, "B": 2, "C": 3}), ("A-B-C", {"A": 9, "B": 2, "C": 3}),
    ("A/B/C", {"A": 24, "B": 2, "C": 3}), ("A^B^C", {"A": 2, "B": 3, "C": 2}), ("A**2", {"A": -3}),
    ("-A^2", {"A": 3}), ("A%B", {"A": 17, "B": 5}), ("A%B", {"A": -17, "B": 5}), ("A<<2", {"A": 3}), ("A>>1", {"A": 9}),
    ("~A", {"A": 5}), ("NOT A", {"A": 5}), ("ABS(A)", {"A": -2.5}), ("MIN(A,B,C)", {"A": 3, "B": -1, "C": 2}),
    ("MAX(A,B)", {"A": 3, "B": 7}), ("NINT(A)", {"A": 2.5}), ("FLOOR(A)", {"A": -2.5}),
    ("CEIL(A)", {"A": 2.1}), ("SQRT(A)", {"A": 16}), ("A=1||B=1&&C=1", {"A": 1, "B": 0, "C": 0}),
    ("A=1&&B>2||C", {"A": 1, "B": 1, "C": 0}), ("A<B=C", {"A": 1, "B": 2, "C": 1}),
    ("A+B>C-1", {"A": 1, "B": 1, "C": 3}),
    ("A&B=B", {"A": 6, "B": 2}), ("0x1F&A", {"A": 255}), ("1e2+A", {"A": 1}), (".5*A", {"A": 4}),
    ("A?B?1:2:3", {"A": 1, "B": 0}),
    ("a+b", {"A": 1, "B": 2}), ("ISNAN(A)", {"A": 1}), ("ISINF(A)", {"A": 1}), ("FINITE(A,B)", {"A": 1, "B": 2}),
]  # fmt: skip


class Reference:
    """The C IOC, and libca's view of it."""

    def __init__(self, prefix: str, acf: str, calcs: list[Any]) -> None:
        port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parents[2] / "support" / "acf_ioc_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=ca_env(port),
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        told = {"prefix": prefix.rstrip(":"), "acf": acf, "groups": list(GROUPS), "calcs": calcs}
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        while line := self.process.stdout.readline():
            if line.strip() == "READY":
                break
        assert line, "the reference IOC died"
        self.client = CaClient(port)

    def close(self) -> None:
        self.client.close()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Ours:
    """An IOC of ours with the same records and rules, and libca's view of it."""

    def __init__(self, prefix: str, acf: Path) -> None:
        specs = [PvSpec(f"PV_{group}", Kind.AO, group, writable=writable) for group, writable in GROUPS.items()]
        made = [make_record(f"{prefix}{spec.suffix}", spec) for spec in specs]
        self.mode = make_record(f"{prefix}MODE", PvSpec("MODE", Kind.AO, "mode"))
        self.mode.post(0.0)
        records = {record.name: record for record in (*made, self.mode)}
        self.access = AccessSecurity(acf, records)
        self.access.load()
        self.thread = LoopThread()
        self.server = CaServer(records.values(), interfaces=["127.0.0.1"], port=free_port(), access=self.access)
        self.access.changed = self.server.access_changed
        self.thread.wait(self.server.start())
        self.client = CaClient(self.server.port)

    def close(self) -> None:
        self.client.close()
        self.thread.wait(self.server.stop())
        self.thread.close()
        assert self.thread.errors == []


@pytest.fixture
def both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Ours, Reference, str]]:
    prefix = f"T{free_port()}:"
    acf = tmp_path / "rules.acf"
    # MODE of the C IOC must stay writable, so that the test can change it there.
    acf.write_text(RULES[request.param].replace("{p}", prefix) + "\nASG(FREE) { RULE(1,WRITE) }\n")
    reference = Reference(prefix, str(acf), [])
    ours = Ours(prefix, acf)
    yield ours, reference, prefix
    ours.close()
    reference.close()


def seen(client: CaClient, prefix: str) -> dict[str, str]:
    names = {name: f"{prefix}PV_{name}" for name in NAMES}
    assert all(client.connect(*names.values(), timeout=20.0))
    return {short: client.rights(name)[-1] for short, name in names.items()}


def writable_here(rights: dict[str, str]) -> dict[str, str]:
    """What ours shows where C says read/write: fields other than values, and PVs that nobody may put, are read-only."""
    hidden = [name for name in rights if "." in name or name == "DEFAULT"]
    return rights | {name: "read-only" for name in hidden if rights[name] == "read/write"}


@pytest.mark.parametrize("both", [name for name in RULES if "mode" not in name], indirect=True)
def test_rights_are_those_of_a_c_ioc(both: tuple[Ours, Reference, str]) -> None:
    ours, reference, prefix = both
    assert seen(ours.client, prefix) == writable_here(seen(reference.client, prefix))


@pytest.mark.parametrize("both", ["mode", "mode for reading"], indirect=True)
def test_rights_follow_a_pv_as_in_a_c_ioc(both: tuple[Ours, Reference, str]) -> None:
    ours, reference, prefix = both
    group = "EXPERT" if "EXPERT" in RULES["mode"] and "EXPERT" in str(ours.access.rules) else "DEFAULT"
    name = f"{prefix}PV_{group}"
    history = []
    for value in (0.0, 1.0, 2.0, 3.0, 1.0):
        assert reference.client.put(f"{prefix}MODE", value) == 1
        ours.thread.do(ours.mode.post, value)
        allowed = value == 1.0 if group == "EXPERT" else 0 < value < 3
        wanted = ("read/write" if allowed else "read-only") if group == "EXPERT" else "read" if allowed else "no access"
        theirs = reference.client.rights(name, "read/write" if wanted == "read" else wanted)[-1]
        mine = ours.client.rights(name, "read-only" if wanted == "read" else wanted)[-1]
        history.append((value, mine, theirs if group == "EXPERT" else theirs.replace("read/write", "read-only")))
    assert all(mine == theirs for _, mine, theirs in history), history
    assert len({mine for _, mine, _ in history}) == 2, "the rights never changed: the test shows nothing"


def test_expressions_are_those_of_a_c_ioc() -> None:
    prefix = f"T{free_port()}:"
    # A CALC rule holds when its result is 1; the reference computes the bare number, ours whether that is 1.
    reference = Reference(prefix, "", CALCS)
    try:
        for number, (expression, inputs) in enumerate(CALCS):
            theirs = reference.client.value(f"{prefix}CALC{number}")
            holds = (
                parse_calc(f"({expression})={theirs!r}") if theirs >= 0 else parse_calc(f"({expression})=-{-theirs!r}")
            )
            assert not math.isnan(theirs) and holds(inputs), f"{expression} with {inputs} is {theirs} in C"
            assert not parse_calc(f"({expression})={abs(theirs) + 1!r}")(inputs), expression
    finally:
        reference.close()


@pytest.mark.parametrize(
    ("text", "at"),
    [("A=", 2), ("A==&1", 3), ("(A", 2), ("A?1", 3), ("FOO(A)", 0), ("A;B", 1), ("A B", 2), ("MIN(A,)", 6)],
)
def test_what_is_no_expression_is_said_with_its_column(text: str, at: int) -> None:
    with pytest.raises(CalcError) as caught:
        parse_calc(text)
    assert caught.value.at == at
