"""The demo from its start to its end: prepare, start, say READY, watch over it, stop."""

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from hydra_cli.demo.hall import PLOTS, write_hall
from hydra_cli.demo.processes import Processes, free_port
from hydra_cli.demo.seed import prepared_seed, start_from

PERIOD, FAULT_EVERY, FAULT_LENGTH = "5s", 60, 8
"""Time between two plots of one type; one fault in so many plots, lasting so many."""

LABELLED_RUN = 121097
"""The feed goes on with a run of which some plots are in the training set, as in a hall whose experts have labelled."""

READY_WITHIN = 180.0
HELP = """\
try:    export EPICS_CA_ADDR_LIST=127.0.0.1 EPICS_CA_AUTO_ADDR_LIST=NO EPICS_CA_SERVER_PORT={port}
        camonitor {prefix}CDC_OCC:STATUS {prefix}CDC_OCC:MSG
        echo "bad CDC_occupancy" >> {commands}      (then: good CDC_occupancy, silent ..., resume ...)
        hydra replay -c {hall}
logs:   {logs}
stop:   Ctrl-C"""


class StoppedError(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


class Show:
    """One showing of the demo; everything lives in a temporary directory that goes with it."""

    def __init__(self, prefix: str, port: int, web_port: int, fresh: bool) -> None:
        self._prefix = prefix
        self._port = free_port(port)
        self._web_port = free_port(web_port)
        self._fresh = fresh

    def run(self, seconds: float | None) -> int:
        """Show until `seconds` after READY, Ctrl-C or SIGTERM; return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        work = Path(tempfile.mkdtemp(prefix="hydra-demo-"))
        processes = Processes(work)
        try:
            seed = prepared_seed(self._fresh)
            self._start(processes, work, seed)
            self._watch(processes, seconds)
        except StoppedError:
            print("\nstopping", file=sys.stderr)
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            processes.stop()
            shutil.rmtree(work, ignore_errors=True)
        return 0

    def _start(self, processes: Processes, work: Path, seed: Path) -> None:
        incoming, commands = work / "incoming", work / "commands.txt"
        incoming.mkdir()
        commands.touch()
        start_from(seed, work / "data")
        hall = str(write_hall(work / "hall.yaml", work / "data", incoming, self._prefix, self._port, self._web_port))
        ioc = processes.start("ioc", "ioc", "run", "-c", hall)
        processes.start("web", "web", "run", "-c", hall)
        feed = ["--feed", str(incoming), "--period", PERIOD, "--command-file", str(commands)]
        runs = ["--first-run", str(LABELLED_RUN), "--chunks-per-run", "2000"]
        times = ["--fault-every", str(FAULT_EVERY), "--fault-length", str(FAULT_LENGTH), "--severity", "0.7"]
        processes.start("feed", "simulate", *PLOTS, *feed, *runs, *times)
        web = f"http://127.0.0.1:{self._web_port}/"
        processes.wait_for_line(ioc, "READY", READY_WITHIN)
        processes.wait_for_page(f"{web}readyz", READY_WITHIN)
        processes.wait_for_verdict(f"{web}api/v1/status", READY_WITHIN)
        print(f"READY prefix={self._prefix} web={web} port={self._port}", flush=True)
        about = {"port": self._port, "prefix": self._prefix, "commands": commands, "hall": hall, "logs": work}
        print(HELP.format(**about), flush=True)

    def _watch(self, processes: Processes, seconds: float | None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            processes.check()
            time.sleep(0.2)


def _stop(number: int, frame: FrameType | None) -> None:
    raise StoppedError
