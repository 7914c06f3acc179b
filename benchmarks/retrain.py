"""How long does teaching take? ``python benchmarks/retrain.py`` times `hydra train` as an expert would wait for it.

A first model from 1,000 labelled plots of 1200x900, then 50 more labels and the model after them, which finds the
features of the other plots kept. Goals (issue 3, on 2 cores): 2 minutes, and 20 seconds.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PLOT = "CDC_occupancy"
HALL = """\
deployment: retrain
data_dir: data
epics: {{prefix: "HYDRA:RETRAIN:"}}
defaults:
  classes: {{Good: {{severity: none, key: g}}, Bad: {{severity: minor, key: b}}, NoData: {{severity: minor, key: n}}}}
plots: {{{plot}: {{pv: CDC_OCC}}}}
"""
HYDRA = Path(sys.executable).with_name("hydra")


def hydra(folder: Path, *arguments: str) -> float:
    """Run a command in a directory; return the seconds it took."""
    started = time.monotonic()
    environment = os.environ | {"HYDRA_CONFIG": str(folder / "hall.yaml"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([HYDRA, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"hydra {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - started


def label(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Import these rows of the drawn set."""
    file = folder / "drawn" / "some.csv"
    with file.open("w", newline="") as out:
        # Without the split that came with it: runs are divided as they would be for plots of a hall.
        names = [name for name in rows[0] if name not in ("split", "group")]
        writer = csv.DictWriter(out, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    hydra(folder, "import", str(folder / "drawn"), "--labels", str(file))


def main() -> None:
    """Draw, import, train, import more, train again."""
    parser = argparse.ArgumentParser(description="Seconds that teaching takes.")
    parser.add_argument("--first", type=int, default=1000, help="labelled plots of the first model")
    parser.add_argument("--more", type=int, default=50, help="labels added before the second one")
    options = parser.parse_args()
    per_class = -(-(options.first + options.more) // 3)
    with tempfile.TemporaryDirectory(prefix="hydra-retrain-") as place:
        folder = Path(place)
        (folder / "hall.yaml").write_text(HALL.format(plot=PLOT))
        drawn = folder / "drawn"
        hydra(folder, "simulate", PLOT, "--out", str(drawn), "--per-class", str(per_class), "--runs", "40")
        hydra(folder, "db", "upgrade")
        rows = list(csv.DictReader((drawn / "labels.csv").open()))
        # One of each class in turn, so that both parts have all classes.
        rows = sorted(rows, key=lambda row: sum(map(ord, row["filename"])) * 7919 % 10007)
        label(folder, rows[: options.first])
        first = hydra(folder, "train", PLOT)
        label(folder, rows[options.first : options.first + options.more])
        again = hydra(folder, "train", PLOT)
    cores = len(os.sched_getaffinity(0))
    print(f"`hydra train` from the command to the bundle, {cores} cores (load {os.getloadavg()[0]:.1f})")
    print("| what | seconds | goal |\n|---|---|---|")
    print(f"| a first model from {options.first} plots | {first:.1f} | 120 |")
    print(f"| after {options.more} more labels | {again:.1f} | 20 |")


if __name__ == "__main__":
    main()
