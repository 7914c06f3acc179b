"""An IOC under systemd's watchdog and under procServ: it feeds the one while it serves, and answers in the other."""

import signal
import subprocess
import sys
from pathlib import Path

from support.ca import eventually
from support.hall import PATIENCE, Hall, NotifySocket, quiet


def test_the_watchdog_is_fed_and_the_console_answers(tmp_path: Path) -> None:
    hall, systemd = Hall(tmp_path / "hall"), NotifySocket(tmp_path)
    log = tmp_path / "console.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "hydra_cli.main", "ioc", "run", "--console", "-c", str(hall.yaml)],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=quiet(NOTIFY_SOCKET=str(systemd.path), WATCHDOG_USEC="6000000"),
        )
    try:
        assert process.stdin is not None
        process.stdin.write(b"dbl lsi\nnonsense\n")
        process.stdin.flush()
        assert eventually(lambda: "nonsense: no such command" in log.read_text(), PATIENCE), log.read_text()
        assert hall.pv("SYS", "MSG") in log.read_text().splitlines()
        assert eventually(lambda: systemd.states().count("WATCHDOG=1") >= 3, PATIENCE), systemd.states()
        process.stdin.close()
        fed = systemd.states().count("WATCHDOG=1")
        assert eventually(lambda: systemd.states().count("WATCHDOG=1") > fed, PATIENCE), "the end of stdin is no stop"
        process.send_signal(signal.SIGSTOP)
        fed = len([state for state in systemd.states() if state == "WATCHDOG=1"])
        assert not eventually(lambda: systemd.states().count("WATCHDOG=1") > fed + 1, 6.0), "a stopped process feeds it"
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, log.read_text()
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.kill()
        process.wait()
        systemd.close()
