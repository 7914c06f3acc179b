"""The IOC's shell: what its commands say, over its socket, and whom it lets in."""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ca import LoopThread, RawClient, eventually

from hydra_core.domain import Condition, Severity
from hydra_core.errors import ServiceError
from hydra_core.pvs import Kind, PvSpec
from hydra_ioc.access import AccessSecurity
from hydra_ioc.ca import CaServer, make_record
from hydra_ioc.console import Console
from hydra_ioc.shell import PROMPT, Shell
from hydra_ioc.visit import Visit

SPECS = (
    PvSpec("P:A", Kind.AI, "an ai", units="mm", precision=2, alarms=True, limits=(None, None, 5.0, 9.0)),
    PvSpec("P:B", Kind.AO, "an ao", writable="operator"),
    PvSpec("P:S", Kind.MBBI, "states", states=("GOOD", "BAD")),
    PvSpec("P:MSG", Kind.LSI, "text", length=300),
)
ACF = """UAG(us) {alice}
HAG(here) {127.0.0.1}
ASG(DEFAULT) { RULE(1,READ) }
ASG(OPERATOR) {
  INPA(P:A)
  RULE(1,WRITE,TRAPWRITE) { UAG(us) HAG(here) CALC("A<5") }
}
"""


class Ioc:
    """Records, a server and a shell on a socket."""

    def __init__(self, folder: Path, acf: bool) -> None:
        self.thread = LoopThread()
        self.records = {spec.suffix: make_record(spec.suffix, spec) for spec in SPECS}
        self.acf = folder / "rules.acf"
        self.acf.write_text(ACF)
        access = AccessSecurity(self.acf if acf else None, self.records)
        access.load()
        self.server = CaServer(self.records.values(), interfaces=["127.0.0.1"], port=0, access=access)
        access.changed = self.server.access_changed
        self.thread.wait(self.server.start())
        self.path = folder / ("long" * 40) / "ioc.sock"
        self.console = Console(Shell(self.server, access), self.path)
        self.task = self.thread.do(self.thread.loop.create_task, self.console.run())
        assert eventually(self.path.exists)

    def close(self) -> None:
        self.thread.do(self.task.cancel)
        assert eventually(lambda: not self.path.exists()), "the socket is removed at the end"
        self.thread.wait(self.server.stop())
        self.thread.close()
        assert self.thread.errors == []


@pytest.fixture
def ioc(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ioc]:
    running = Ioc(tmp_path, getattr(request, "param", True))
    yield running
    running.close()


@pytest.fixture
def visit(ioc: Ioc) -> Iterator[Visit]:
    with Visit(ioc.path) as visit:
        yield visit


def test_dbl_and_dbgrep(visit: Visit) -> None:
    assert visit.ask("dbl") == "P:A\nP:B\nP:S\nP:MSG\n"
    assert visit.ask("dbl mbbi") == "P:S\n"
    assert visit.ask("dbgrep *S*") == "P:S\nP:MSG\n"
    assert visit.ask('dbgrep "P:?"') == "P:A\nP:B\nP:S\n"
    assert visit.ask("dbgrep nothing") == ""


def test_dbpr_shows_what_clients_would_see(ioc: Ioc, visit: Visit) -> None:
    ioc.thread.do(ioc.records["P:A"].post, 7.0)
    ioc.thread.do(ioc.records["P:S"].post, "BAD", severity=Severity.MAJOR, condition=Condition.STATE)
    ioc.thread.do(ioc.records["P:MSG"].post, "x" * 299)
    lines = visit.ask("dbpr P:A").splitlines()
    assert {"ASG: ", "DESC: an ai", "VAL: 7.0", "SEVR: MINOR", "STAT: HIGH", "UDF: 0"} <= set(lines)
    assert {"HIHI: 9.0", "EGU: mm", "HHSV: MAJOR"} <= set(visit.ask("dbpr P:A 1").splitlines())
    assert "ASG: OPERATOR\n" in visit.ask("dbpr P:B")
    assert "VAL: BAD\n" in visit.ask("dbpr P:S.SEVR") and "SEVR: MAJOR\n" in visit.ask("dbpr P:S")
    assert f"VAL: {'x' * 160} …\n" in visit.ask("dbpr P:MSG")
    assert visit.ask("dbpr NOPE") == "NOPE: no such record; dbgrep finds some\n"


def test_casr_knows_the_clients(ioc: Ioc, visit: Visit) -> None:
    with RawClient(ioc.server.port) as client:
        client.subscribe(client.create("P:A", "P:B")[0], 1)
        client.until(lambda one: one[0] == 1)
        head, *clients = visit.ask("casr 1").splitlines()
        assert head.startswith(f"Channel Access server, port {ioc.server.port}: 1 clients, 2 channels")
        assert len(clients) == 1 and "user 'raw', host 'rawhost', 2 channels, 1 subscriptions" in clients[0]
        assert visit.ask("casr").count("\n") == 1


def test_access_rules_with_their_inputs(ioc: Ioc, visit: Visit) -> None:
    rule = '\tRULE(1,WRITE,TRAPWRITE) { UAG(us) HAG(here) CALC("A<5") }\n'
    assert visit.ask("asprules OPERATOR") == f"ASG(OPERATOR) {{\n\tINPA(P:A)\n{rule}}}\n"
    assert "INPA(P:A)  # INVALID\n" in visit.ask("asdbdump")
    ioc.thread.do(ioc.records["P:A"].post, 7.5)
    dump = visit.ask("asdbdump")
    assert "INPA(P:A)  # 7.5\n" in dump and "HAG(here) {127.0.0.1}\n" in dump
    assert "\t# 1 records: P:B\n" in dump and "\t# 3 records: P:A, P:S, P:MSG\n" in dump


def test_as_init_reads_the_file_anew(ioc: Ioc, visit: Visit) -> None:
    ioc.acf.write_text("ASG(DEFAULT) { RULE(1,NONE) }")
    assert visit.ask("asInit") == "access rules read\n"
    assert visit.ask("asprules") == "ASG(DEFAULT) {\n\tRULE(1,NONE)\n}\n"
    ioc.acf.write_text("ASG(")
    assert "expected the name of the ASG, found the end of the file\n" in visit.ask("asInit")


@pytest.mark.parametrize("ioc", [False], indirect=True)
def test_without_a_file(visit: Visit) -> None:
    assert visit.ask("asprules").startswith("there is no access file: everybody reads")
    assert visit.ask("asInit").startswith("there is no access file; name one")


def test_wrong_lines_are_answered_and_hurt_nobody(visit: Visit) -> None:
    assert visit.ask("dbx") == "dbx: no such command; help lists them\n"
    assert visit.ask("dbpr") == "usage: dbpr RECORD [LEVEL]: print a record's fields, at level 1 all of them\n"
    assert visit.ask("dbpr P:A x") == "x: a level is a number\n"
    assert visit.ask('dbl "') == "No closing quotation\n"
    assert visit.ask("   # nothing") == "" and visit.ask("") == ""
    assert {line.split()[0].rstrip(":") for line in visit.ask("help").splitlines()} >= {
        "dbl",
        "dbpr",
        "casr",
        "exit",
        "asdbdump",
    }


def test_a_visitor_that_sends_garbage_or_goes_is_forgotten(ioc: Ioc) -> None:
    for number in range(20):
        with Visit(ioc.path) as visit:
            if number % 2:
                visit._sock.sendall(b"\xff" * 10_000)
    assert eventually(lambda: ioc.console._visitors == 0)
    with Visit(ioc.path) as visit:
        assert visit.ask("dbl ai") == "P:A\n"
        visit._sock.sendall(b"exit\n")
        assert visit._sock.recv(100) == b"", "exit hangs up"


def test_only_the_owner_may_open_it(ioc: Ioc) -> None:
    assert stat.S_IMODE(ioc.path.stat().st_mode) == 0o600


def test_a_dead_socket_is_replaced_a_living_one_and_a_file_are_not(
    ioc: Ioc, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    access = AccessSecurity(None, {})
    second = Console(Shell(ioc.server, access), ioc.path)
    ioc.thread.wait(second.run(), 10)
    assert "another IOC answers there" in caplog.text and ioc.path.is_socket()
    (tmp_path / "file").write_text("mine")
    ioc.thread.wait(Console(Shell(ioc.server, access), tmp_path / "file").run(), 10)
    assert "it is no socket" in caplog.text and (tmp_path / "file").read_text() == "mine"
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.fspath(dead))
    task = ioc.thread.do(ioc.thread.loop.create_task, Console(Shell(ioc.server, access), dead).run())

    def answers() -> bool:
        try:
            with Visit(dead) as visit:
                return visit.ask("dbl ai") == "P:A\n"
        except ServiceError:
            return False

    assert eventually(answers)
    ioc.thread.do(task.cancel)
    assert eventually(lambda: not dead.exists())


def test_nobody_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"no IOC answers at .*none\.sock: No such file or directory"):
        Visit(tmp_path / "none.sock")
    assert PROMPT.endswith(" ")
