"""How long after a verdict's time stamp in its PV a browser has it: real IOC, database and web service, one host.

Run: ``python benchmarks/pv_to_page.py [--plots N]``. Trains two small models first, unless $HYDRA_TEST_MODELS has them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.ca import eventually
from support.hall import PATIENCE, Hall, IocProcess, Trained, quiet
from support.screen import DBR_TIME_ENUM, Screen

PLOT_TYPE = "Trigger-Bits"


def listen(url: str, seen: dict[int, float], last: int) -> None:
    """Note when a browser is told of each chunk."""
    with httpx.stream("GET", f"{url}/events?after=0", timeout=60) as answer:
        for line in answer.iter_lines():
            for chunk in range(last + 1):
                if line.startswith("data") and f".{chunk}<" in line and PLOT_TYPE in line:
                    seen.setdefault(chunk, time.time())
            if last in seen:
                return


def measure(hall: Hall, trained: Trained, plots: int) -> list[float]:
    """Return seconds from STATUS' time stamp to the browser, plot by plot."""
    url, seen, stamps = f"http://127.0.0.1:{hall.web_port}", dict[int, float](), dict[int, float]()
    client = hall.client()
    with client:
        screen = Screen(hall, client)
        bank = trained.bank[PLOT_TYPE]
        first = hall.drop(PLOT_TYPE, bank["Good"][0])
        screen.shows_chunk(PLOT_TYPE, first)
        listener = threading.Thread(target=listen, args=(url, seen, first + plots), daemon=True)
        listener.start()
        for number in range(plots):
            chunk = hall.drop(PLOT_TYPE, bank["Good"][number % len(bank["Good"])])
            screen.shows_chunk(PLOT_TYPE, chunk)
            stamps[chunk] = client.get(hall.pv(PLOT_TYPE, "STATUS"), DBR_TIME_ENUM)["timestamp"]
            time.sleep(0.35)
        listener.join(PATIENCE)
    return [seen[chunk] - stamp for chunk, stamp in stamps.items()]


def main() -> None:
    """Start the services, let plots come, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plots", type=int, default=40)
    plots = parser.parse_args().plots
    with tempfile.TemporaryDirectory() as folder:
        trained = Trained.made_in(Path(os.environ.get("HYDRA_TEST_MODELS") or Path(folder) / "models"))
        hall = Hall(Path(folder) / "hall")
        hall.use_models(trained)
        command = [sys.executable, "-m", "hydra_cli.main", "web", "run", "-c", str(hall.yaml)]
        with IocProcess(hall) as ioc:
            ioc.wait_ready()
            web = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet())
            try:
                if not eventually(lambda: _answers(hall.web_port), PATIENCE):
                    raise SystemExit("the web service does not answer")
                taken = measure(hall, trained, plots)
            finally:
                web.terminate()
                web.wait()
    print(f"{len(taken)} verdicts: median {statistics.median(taken) * 1000:.0f} ms, worst {max(taken) * 1000:.0f} ms")


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
