"""Rights change under connected clients: libca is told at once, and loses and gets back what it reads and puts."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ca import NORMAL, NOWTACCESS, Libca, Raw, Serve, frame

from hydra_core.errors import ConfigError
from hydra_core.pvs import Kind, PvSpec
from hydra_ioc.access import AccessSecurity

NORDACCESS = 368
ME = pwd.getpwuid(os.geteuid()).pw_name
AI = PvSpec("AI", Kind.AI, "ai")
OUT = PvSpec("OUT", Kind.AO, "out", writable="operator", alarms=True)
MODE = PvSpec("MODE", Kind.MBBO, "mode", states=("Run", "Maint"), writable="expert", alarms=True)
BY_MODE = """
ASG(DEFAULT)  {{ INPA({p}MODE) RULE(1,READ) {{ CALC("A=0") }} }}
ASG(OPERATOR) {{ INPA({p}MODE) RULE(1,READ) RULE(1,WRITE,TRAPWRITE) {{ CALC("A=0") }} }}
ASG(EXPERT)   {{ RULE(1,WRITE) }}
"""
Guarded = Callable[..., Any]


@pytest.fixture
def guarded(serve: Serve, tmp_path: Path) -> Guarded:
    """Serve AI, OUT and MODE under the rules of a file; `ioc.access` can be told to read it anew."""

    def start(rules: str, **server: Any) -> Any:
        ioc = serve(AI, OUT, MODE, **server)
        path = tmp_path / "rules.acf"
        path.write_text(rules.format(p=ioc.prefix))
        ioc.access = AccessSecurity(path, {record.name: record for record in ioc.records.values()})
        ioc.access.load()
        ioc.access.changed = ioc.server.access_changed
        ioc.server.access = ioc.access
        for suffix, value in (("AI", 1.0), ("OUT", 1.0), ("MODE", 0)):
            ioc.post(suffix, value)
        return ioc

    return start


def test_a_client_is_told_when_a_pv_takes_its_rights_and_gives_them_back(guarded: Guarded, libca: Libca) -> None:
    ioc = guarded(BY_MODE)
    client, out = libca(ioc.port), ioc.name("OUT")
    assert client.rights(out) == ["read/write"]
    assert client.put(out, 2.0) == NORMAL
    ioc.post("MODE", 1)
    assert client.rights(out, "read-only") == ["read/write", "read-only"]
    assert client.put(out, 3.0) == NOWTACCESS
    ioc.post("MODE", 0)
    assert client.rights(out, "read/write") == ["read/write", "read-only", "read/write"]
    assert client.put(out, 4.0) == NORMAL and client.value(out) == 4.0


def test_an_invalid_input_gives_nothing(guarded: Guarded, libca: Libca) -> None:
    from hydra_core.domain import Condition, Severity

    ioc = guarded(BY_MODE)
    client, out = libca(ioc.port), ioc.name("OUT")
    assert client.rights(out) == ["read/write"]
    ioc.post("MODE", 0, severity=Severity.INVALID, condition=Condition.COMM)
    assert client.rights(out, "read-only")[-1] == "read-only"


def test_what_may_not_be_read_is_not_told_and_comes_back_with_the_right(guarded: Guarded, libca: Libca) -> None:
    ioc = guarded(BY_MODE)
    client, ai = libca(ioc.port), ioc.name("AI")
    key = client.monitor(ai)
    client.wait(key, 1, 1.0)
    assert client.rights(ai) == ["read-only"]
    ioc.post("MODE", 1)
    assert client.rights(ai, "no access")[-1] == "no access"
    ioc.post("AI", 2.0)
    ioc.post("AI", 3.0)
    with pytest.raises(RuntimeError, match="Read access denied"):
        client.get(ai)
    assert 2.0 not in [event["value"] for event in client.events(key)]
    ioc.post("MODE", 0)
    assert client.rights(ai, "read-only")[-1] == "read-only"
    assert client.wait(key, value=3.0)[-1]["value"] == 3.0
    assert 2.0 not in [event["value"] for event in client.events(key)]
    ioc.post("AI", 4.0)
    assert client.wait(key, value=4.0)[-1]["value"] == 4.0


def test_without_the_right_reads_and_subscriptions_say_so(guarded: Guarded, raw: Raw) -> None:
    ioc = guarded(BY_MODE)
    ioc.post("MODE", 1)
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("AI"))
    client.send(frame(15, 20, 1, sid, 7))
    answer = client.until(lambda one: one[0] == 15)[-1]
    assert answer[3] == NORDACCESS and not any(answer[5])
    client.subscribe(sid, 5)
    event = client.until(lambda one: one[0] == 1)[-1]
    assert (event[3], event[4]) == (NORDACCESS, 5) and not any(event[5])
    client.send(frame(4, 6, 1, sid, 9, b"\0" * 8), frame(23))
    assert [one[0] for one in client.until(lambda one: one[0] == 23)] == [11, 23], "the put is an error, not obeyed"
    assert not ioc.records["AI"]._views, "it is not subscribed"


def test_a_client_that_says_who_it_is_late_gets_its_rights_late(guarded: Guarded, raw: Raw) -> None:
    ioc = guarded(
        "UAG(us) {{alice}} ASG(DEFAULT) {{ RULE(1,READ) }}ASG(OPERATOR) {{ RULE(1,READ) RULE(1,WRITE) {{ UAG(us) }} }}"
    )
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("OUT"))
    client.send(frame(20, payload=b"alice\0"))
    assert client.until(lambda one: one[0] == 22)[-1][4] == 3
    client.send(frame(20, payload=b"alice\0"), frame(20, payload=b"eve\0"))
    assert client.until(lambda one: one[0] == 22)[-1][4] == 1
    client.send(frame(19, 6, 1, sid, 9, b"\0" * 8))
    assert client.until(lambda one: one[0] == 19)[-1][3] == NOWTACCESS


def test_the_host_that_a_client_claims_does_not_count(guarded: Guarded, raw: Raw) -> None:
    ioc = guarded("HAG(good) {{rawhost, 192.0.2.1}} ASG(OPERATOR) {{ RULE(1,READ) RULE(1,WRITE) {{ HAG(good) }} }}")
    client = raw(ioc.port)
    client.send(frame(21, payload=b"192.0.2.1\0"), frame(18, 0, 0, 1, 13, ioc.name("OUT").encode() + b"\0"))
    assert client.until(lambda one: one[0] == 22)[-1][4] == 1


def test_rules_read_anew_reach_connected_clients(guarded: Guarded, libca: Libca) -> None:
    ioc = guarded("ASG(DEFAULT) {{ RULE(1,READ) }}")
    client, out = libca(ioc.port), ioc.name("OUT")
    assert client.rights(out) == ["read-only"]
    ioc.access.path.write_text(f"UAG(us) {{{ME}}} ASG(DEFAULT) {{ RULE(1,READ) RULE(1,WRITE) {{ UAG(us) }} }}")
    ioc.thread.wait(ioc.access.reload())
    assert client.rights(out, "read/write") == ["read-only", "read/write"]
    ioc.access.path.write_text("ASG(DEFAULT) { RULE(1,REED) }")
    with pytest.raises(ConfigError, match=r'rules\.acf:1: expected READ, WRITE or NONE, found "REED"'):
        ioc.thread.wait(ioc.access.reload())
    assert client.put(out, 9.0) == NORMAL, "the old rules stay when the new ones are wrong"


def test_acknowledging_is_writing(guarded: Guarded, raw: Raw) -> None:
    ioc = guarded(BY_MODE)
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("OUT"))
    client.send(frame(19, 36, 1, sid, 1, b"\0\3"))
    assert client.until(lambda one: one[0] == 19)[-1][3] == NORMAL
    ioc.post("MODE", 1)
    client.send(frame(19, 36, 1, sid, 2, b"\0\3"))
    assert client.until(lambda one: one[0] == 19)[-1][3] == NOWTACCESS


def test_only_trapped_puts_are_told(guarded: Guarded, libca: Libca) -> None:
    told: list[Any] = []
    ioc = guarded(BY_MODE, on_put=told.append)
    client = libca(ioc.port)
    assert client.put(ioc.name("OUT"), 5.0) == NORMAL and client.put(ioc.name("MODE"), 1) == NORMAL
    assert client.rights(ioc.name("OUT"), "read-only")
    assert client.put(ioc.name("OUT"), 6.0) == NOWTACCESS
    assert [(one.pv, one.old, one.new, one.who.user, one.who.ip) for one in told] == [
        (ioc.name("OUT"), 1.0, 5.0, ME, "127.0.0.1")
    ]


def test_a_thousand_channels_change_together_and_gone_ones_are_forgotten(guarded: Guarded, raw: Raw) -> None:
    ioc = guarded(BY_MODE)
    client = raw(ioc.port)
    sids = client.create(*[ioc.name("OUT")] * 1000)
    for sid in sids[:500]:
        client.send(frame(12, 0, 0, sid, 1))
    client.send(frame(23))
    client.until(lambda one: one[0] == 23)
    ioc.post("MODE", 1)
    client.send(frame(23))
    seen = client.until(lambda one: one[0] == 23)
    client.send(frame(23))
    seen += client.until(lambda one: one[0] == 23)
    assert sum(one[0] == 22 and one[4] == 1 for one in seen) == 500
    client.sock.close()
    ioc.post("MODE", 0)
    assert raw(ioc.port).create(ioc.name("OUT"))
