"""A whole IOC in its site: statistics without holes, access rules, put log, ChannelFinder, shell."""

import asyncio
import json
import os
import pwd
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.ca import (
    NORMAL,
    NOWTACCESS,
    PUT_ACKS,
    PUT_ACKT,
    PUTFAIL,
    LoopThread,
    RawClient,
    eventually,
    frame,
    free_port,
)
from support.hall import PATIENCE, Hall, IocProcess
from support.site_receivers import LogServer, RecCeiver

from hydra_core.ioc_stats import ENVIRONMENT, stats_pvs
from hydra_core.pvs import all_pvs
from hydra_ioc.ca import field_names
from hydra_ioc.visit import Visit

ME = pwd.getpwuid(os.geteuid()).pw_name
RULES = """
UAG(experts) {{ {expert} }}
ASG(DEFAULT)  {{ RULE(1,READ) }}
ASG(OPERATOR) {{ INPA({p}SYS:ACCESS) RULE(1,READ) RULE(1,WRITE,TRAPWRITE) {{ CALC("A=0") }} }}
ASG(EXPERT)   {{ RULE(1,READ) RULE(1,WRITE,TRAPWRITE) {{ UAG(experts) }} }}
"""


class Site:
    """A hall whose IOC has rules, a log server and a RecCeiver; `client` is libca."""

    def __init__(self, folder: Path) -> None:
        self.loop = LoopThread()
        self.logs, self.finder, self.udp = LogServer(), RecCeiver(), free_port()
        self.loop.wait(self.logs.start())
        self.loop.wait(self.finder.start())
        self.hall = Hall(folder / "hall")
        self.rules = folder / "hall.acf"
        self.allow(ME)
        recsync = {"interface": "127.0.0.1", "port": self.udp, "hold_off": "1ms", "info": {"building": "F117"}}
        epics = {
            "prefix": self.hall.prefix,
            "interfaces": ["127.0.0.1"],
            "port": self.hall.port,
            "access_file": str(self.rules),
            "put_log": [{"host": "127.0.0.1", "port": self.logs.port, "format": "json", "log": "unfiltered"}],
            "recsync": recsync,
            "compat": {"kind": "clas12", "root": f"{self.hall.prefix}OLD:"},
        }
        self.hall.write_yaml(epics=epics)
        epics_now = self.hall.config.epics
        self.specs = dict(all_pvs(self.hall.prefix, self.hall.config.plot_types(), epics_now.existing_names()))
        self.ioc = IocProcess(self.hall, ENGINEER="A. Person", LOCATION="Hall T")
        self.ioc.wait_ready()
        self.client = self.hall.client()

    def allow(self, expert: str) -> None:
        """Say who the experts are."""
        self.rules.write_text(RULES.format(p=self.hall.prefix, expert=expert))

    def ask(self, line: str) -> str:
        """Ask the IOC's shell."""
        with Visit(self.hall.config.shell_socket) as visit:
            return visit.ask(line)

    def close(self) -> None:
        self.client.close()
        assert self.ioc.process.poll() is None, f"the IOC died:\n{self.ioc.text()}"
        self.ioc.kill()
        assert "Traceback" not in self.ioc.text(), self.ioc.text()
        self.loop.wait(self.finder.stop())
        self.loop.wait(self.logs.stop())
        self.loop.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


def audited(hall: Hall) -> list[tuple[Any, ...]]:
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        rows = [tuple(r) for r in connection.execute(text("select who, what, target, before, after from audit_log"))]
    engine.dispose()
    return rows


def test_the_statistics_have_no_hole(site: Site) -> None:
    """Every devIocStats PV is defined, has a sane value, and carries limits where devIocStats has them."""
    hall, client = site.hall, site.client
    suffixes = [*(spec.suffix for spec in stats_pvs()), "HEARTBEAT", "UPTIME"]
    names = {suffix: hall.pv("SYS", suffix) for suffix in suffixes}
    assert all(client.connect(*names.values(), timeout=30.0))
    assert client.put(names["CA_UPD_TIME"], 1.0) == NORMAL, "look at the clients soon"
    assert eventually(lambda: client.value(names["CA_CLNT_CNT"]) >= 1, PATIENCE)
    assert eventually(lambda: client.get(names["IOC_CPU_LOAD"], 20)["status"] != 17, PATIENCE)
    undefined = [suffix for suffix in names if client.value(f"{names[suffix]}.UDF")]
    assert undefined == []
    value = {suffix: client.value(name) for suffix, name in names.items()}
    assert value["PROCESS_ID"] == site.ioc.process.pid and value["PARENT_ID"] == os.getpid()
    assert value["HOSTNAME"] == socket.gethostname()[:39]
    assert value["ENGINEER"] == "A. Person" and value["LOCATION"] == "Hall T"
    assert value["CA_SRVR_PORT"] != "" and ENVIRONMENT["CA_SRVR_PORT"] == "EPICS_CA_SERVER_PORT"
    assert value["CA_CLNT_CNT"] >= 1 and value["CA_CONN_CNT"] >= 1 and value["START_CNT"] == 1
    assert value["RECORD_CNT"] == len(site.specs)
    assert value["FD_CNT"] > 5 and value["FD_FREE"] == value["FD_MAX"] - value["FD_CNT"]
    assert 1e7 < value["MEM_USED"] < value["MEM_MAX"] and 0 <= value["IOC_CPU_LOAD"] <= 100
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", value["TOD"]) and value["TOD"] >= value["STARTTOD"]
    assert "hydra" in bytes(value["ST_SCRIPT"]).decode() and value["KERNEL_VERS"].startswith("Linux ")
    limits = client.get(names["SYS_CPU_LOAD"], 34)
    assert (limits["units"], limits["upper_alarm_limit"], limits["upper_warning_limit"]) == ("%", 80.0, 70.0)
    assert client.value(f"{names['CA_CLNT_CNT']}.HIHI") == 175.0 and client.value(f"{names['FD_FREE']}.LOLO") == 5.0


def test_periods_and_modes_can_be_set(site: Site) -> None:
    period, mode = site.hall.pv("SYS", "FD_UPD_TIME"), site.hall.pv("SYS", "ACCESS")
    assert site.client.put(period, 2.0) == NORMAL and site.client.value(period) == 2.0
    assert site.client.put(period, 0.0) == PUTFAIL and site.client.value(period) == 2.0
    enable = site.hall.pv("CDC_occupancy", "ENABLE")
    assert site.client.rights(enable) == ["read/write"]
    key = site.client.monitor(mode)
    assert site.client.put(mode, 1) == NORMAL
    assert site.client.wait(key, value=1)[-1]["severity"] == 1, "Maintenance is MINOR"
    assert site.client.rights(enable, "read-only")[-1] == "read-only", "the rules look at ACCESS"
    assert site.client.put(enable, 0) == NOWTACCESS
    assert site.client.put(mode, 0) == NORMAL
    assert site.client.rights(enable, "read/write")[-1] == "read/write"


def test_an_alarm_handler_may_acknowledge_status_and_write_nothing_else_there(site: Site) -> None:
    """ALH in global mode puts ACKS and ACKT with libca, which asks for the right to write first."""
    status = site.hall.pv("CDC_occupancy", "STATUS")
    assert site.client.info(status)["access"] == "read/write"
    assert site.client.put(status, 0, ftype=PUT_ACKT) == NORMAL and site.client.value(f"{status}.ACKT") == 0
    assert site.client.put(status, 3, ftype=PUT_ACKS) == NORMAL and site.client.value(f"{status}.ACKS") == 0
    assert site.client.put(status, 1, ftype=PUT_ACKT) == NORMAL and site.client.value(f"{status}.ACKT") == 1
    before = site.client.value(status)
    assert site.client.put(status, 1) == NOWTACCESS and site.client.value(status) == before
    conf = site.hall.pv("CDC_occupancy", "CONF")
    assert site.client.info(conf)["access"] == "read-only"


def test_puts_are_logged_and_audited(site: Site) -> None:
    name = site.hall.pv("SYS", "MEM_UPD_TIME")
    assert site.client.put(name, 3.0) == NORMAL

    def told() -> list[dict[str, Any]]:
        return [one for one in map(json.loads, site.logs.lines) if one["pv"] == name]

    assert eventually(told)
    assert {"user": ME, "new": 3, "old": 10}.items() <= told()[0].items()
    assert eventually(lambda: [r for r in audited(site.hall) if r[2] == name])
    (row,) = [r for r in audited(site.hall) if r[2] == name]
    assert (row[0], row[1], "3.0" in str(row[4])) == (ME, "put", True)


def test_channel_finder_is_told(site: Site) -> None:
    upload = asyncio.run_coroutine_threadsafe(site.finder.until(1), site.loop.loop)
    assert eventually(lambda: site.finder.announce(site.udp, 5) or upload.done(), PATIENCE)
    told = upload.result()
    names = dict(told.records.values())
    hall = site.hall
    expected = site.specs
    assert names == {name: str(spec.kind) for name, spec in expected.items()}
    about = {told.records[record][0]: info for record, info in told.info.items() if record}
    status = about[hall.pv("CDC_occupancy", "STATUS")]
    assert status["hydra:plot"] == "CDC_occupancy" and status["alarm"] == "true" and status["archive"]
    assert {"building": "F117", "ENGINEER": "A. Person", "IOCNAME": "test"}.items() <= told.info[0].items()


def test_the_shell_from_the_command_line(site: Site) -> None:
    listed = site.hall.hydra("shell", "dbl").stdout.splitlines()
    assert site.hall.pv("CDC_occupancy", "STATUS") in listed and site.hall.pv("SYS", "TOD") in listed
    assert "RULE(1,READ)" in site.ask("asprules DEFAULT")
    talk = subprocess.run(
        [sys.executable, "-m", "hydra_cli.main", "shell", "-c", str(site.hall.yaml)],
        input="casr\ndbl lsi\nexit\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert talk.returncode == 0 and f"port {site.hall.port}: " in talk.stdout
    assert talk.stdout.count(":MSG") == len(site.hall.config.plot_types()) + 1


def test_rules_are_read_anew_by_pv(site: Site) -> None:
    read, thresh = site.hall.pv("SYS", "READACF"), site.hall.pv("CDC_occupancy", "THRESH")
    try:
        assert site.client.rights(thresh)[-1] == "read/write"
        site.allow("nobody-here")
        assert site.client.put(read, 1) == NORMAL
        assert site.client.rights(thresh, "read-only")[-1] == "read-only"
        assert site.client.put(read, 1) == NOWTACCESS, "only experts may, and nobody is one now"
        site.allow(ME)
        assert site.ask("asInit") == "access rules read\n"
        assert site.client.rights(thresh, "read/write")[-1] == "read/write"
        site.rules.write_text("ASG(DEFAULT) { RULE(9,READ) }")
        assert site.client.put(read, 1) == PUTFAIL
        assert site.client.rights(thresh)[-1] == "read/write" and site.client.value(read) == 0
    finally:
        site.allow(ME)
        site.ask("asInit")


def test_a_put_to_every_field_of_every_pv_by_somebody_who_may_not(site: Site, tmp_path: Path) -> None:
    """With rules that let nobody write, a raw client (libca would not even ask) puts into every field of every PV."""
    hall = site.hall
    site.rules.write_text("ASG(DEFAULT) { RULE(1,READ) }")
    assert site.ask("asInit") == "access rules read\n"
    specs = site.specs
    names = list(specs) + [f"{n}.{field}" for n, spec in specs.items() for field in field_names(spec)]
    assert len(names) > 5000
    statuses: Counter[int] = Counter()
    measured = {n for n, s in specs.items() if s.length > 1000 or (":SYS:" in n and any(s.limits))}
    watched = {name: site.client.monitor(name, 4) for name in specs if name not in measured}
    before = {name: site.client.get(name, 14 + site.client.info(name)["type"]) for name in watched}
    try:
        with RawClient(hall.port) as client:
            for start in range(0, len(names), 500):
                batch = names[start : start + 500]
                for sid in client.create(*batch):
                    for dbr_type, data in ((0, b"1".ljust(40, b"\0")), (6, b"\x3f\xf0" + bytes(6)), (36, b"\0\3")):
                        client.send(frame(19, dbr_type, 1, sid, sid * 100 + dbr_type, data))
                        answer = client.until(lambda one: one[0] == 19)[-1]
                        statuses[answer[3]] += 1
                    client.send(frame(12, 0, 0, sid, 1))
        assert statuses == {NOWTACCESS: 3 * len(names)}, "none is accepted"
    finally:
        site.allow(ME)
        site.ask("asInit")
    for name, key in watched.items():
        after = site.client.get(name, 14 + site.client.info(name)["type"])
        assert len(site.client.events(key)) <= 1, f"{name} was told of an alarm"
        if ":SYS:" not in name:
            assert (after["value"], after["severity"]) == (before[name]["value"], before[name]["severity"]), name


def test_a_wrong_access_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    hall = Hall(tmp_path / "hall")
    rules = tmp_path / "x.acf"
    rules.write_text("ASG(DEFAULT) {\n  RULE(1,REED)\n}")
    hall.write_yaml(epics={"prefix": hall.prefix, "interfaces": ["127.0.0.1"], "port": hall.port,
                           "access_file": str(rules)})  # fmt: skip
    expected = f'hydra: {rules}:2: expected READ, WRITE or NONE, found "REED"\n'
    checked = hall.hydra("config", "check", code=2)
    assert checked.stderr.endswith(expected) and checked.stdout == ""
    with IocProcess(hall) as ioc:
        assert ioc.process.wait(PATIENCE) == 2
        assert expected in ioc.text() and "serving" not in ioc.text()
    rules.write_text("ASG(DEFAULT) { INPA(OTHER:PV) RULE(1,READ) }")
    assert "INPA(OTHER:PV) is no PV of this IOC" in hall.hydra("config", "check", code=2).stderr
    rules.write_text("ASG(DEFAULT) { RULE(1,READ) }")
    hall.hydra("config", "check")


def test_what_is_kept_over_a_restart(tmp_path: Path) -> None:
    hall = Hall(tmp_path / "hall")
    mode, count = hall.pv("SYS", "ACCESS"), hall.pv("SYS", "START_CNT")
    for number in (1, 2):
        with IocProcess(hall) as ioc, hall.client() as client:
            ioc.wait_ready()
            assert eventually(lambda c=client, n=number: c.value(count) == n, PATIENCE)
            assert client.value(mode) == (0 if number == 1 else 2)
            assert client.put(mode, 2) == NORMAL
