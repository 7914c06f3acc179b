"""How fast models judge: `python benchmarks/predict.py [--quick] [--json]` prints the tables of issue 3.

First every way of running one network, peers in the same run, each in a process of its own: milliseconds of batch 1,
pictures a second of batch 8. Then from a PNG file of 1200x900 to a verdict with heat map, as the IOC does it: one at a
time, and in two processes of one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import untrained
from ways import WAYS

ARCHITECTURES = ("inception_v3", "light")
ENGINES = ("float32", "bfloat16", "openvino")
SEVERAL = 24
"""Different pictures that are judged in turn."""
HERE = Path(__file__).parent


def way_of(way: str, architecture: str, threads: int, repeats: int, limit: float) -> dict[str, Any]:
    """Measure one way in a process of its own; what goes wrong is an answer too."""
    command = [sys.executable, str(HERE / "ways.py"), way, architecture, str(threads), str(repeats)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment())
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"way": way, "missing": f"no answer within {limit:.0f} s"}
    except (IndexError, ValueError):
        last = done.stderr.strip().splitlines()[-1:] or ["no answer"]
        return {"way": way, "missing": last[0][:100]}
    return found


def environment() -> dict[str, str]:
    return os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}


def verdicts(bundle: Path, engine: str, threads: int, plots: int) -> dict[str, Any]:
    """Judge PNG files as the IOC does, one after the other; return percentiles in milliseconds and plots a second."""
    from hydra_core.domain import Arrival
    from hydra_core.images import Limits
    from hydra_ioc.judging import Judge
    from hydra_ml.classifier import TensorFlowClassifier, predict_mixed
    from hydra_ml.engines.shelf import Shelf

    classifier = TensorFlowClassifier.load(bundle, threads, Shelf(engine))  # type: ignore[arg-type]
    name, now = classifier.ref.plot_type, datetime.now(UTC)
    judge = Judge(Limits(), lambda: {name: classifier}, predict_mixed, threads)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number in range(SEVERAL):
            files.append(Path(folder) / f"{number}.png")
            files[-1].write_bytes(untrained.canvas(number))

        def judged(number: int) -> float:
            started = time.perf_counter()
            file = files[number % SEVERAL]
            (found,) = judge([Arrival(name, 1, number, now, now, file.name, file.read_bytes())])
            if found.pictures is None or found.pictures.heatmap is None:
                raise SystemExit(f"no verdict with heat map: {found.event}")
            return (time.perf_counter() - started) * 1e3

        for number in range(5):
            judged(number)
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.perf_counter()
        taken = sorted(judged(number) for number in range(plots))
        lasted = time.perf_counter() - began
    return {
        "engine": classifier.engine.name,
        "p50_ms": round(taken[len(taken) // 2], 1),
        "p99_ms": round(taken[min(len(taken) - 1, int(0.99 * len(taken)))], 1),
        "least_ms": round(taken[0], 1),
        "per_second": round(plots / lasted, 1),
    }


def side_by_side(bundle: Path, engine: str, plots: int, processes: int, threads: int) -> list[dict[str, Any]]:
    """Run `verdicts` in processes that start together, each on a core of its own where there are as many."""
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, __file__, "--verdicts", str(bundle), engine, str(threads), str(plots)]
    running = []
    for number in range(processes):
        own = {cores[number % len(cores)]} if processes > 1 else set(cores)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(),
        )
        os.sched_setaffinity(process.pid, own)
        running.append(process)
    for process in running:
        while process.stdout is not None and (line := process.stdout.readline()) != "ready\n":
            if not line:
                raise SystemExit("a process that judges has ended")
    answers = []
    for process in running:
        if process.stdin is not None:
            process.stdin.write("go\n")
            process.stdin.flush()
    for process in running:
        answers.append(json.loads(process.communicate()[0].splitlines()[-1]))
    return answers


def write_bundle(folder: Path, architecture: str) -> Path:
    """Write a bundle in a process of its own and return its directory."""
    code = (
        "import sys, untrained; from pathlib import Path; "
        "print(untrained.write(Path(sys.argv[1]), untrained.network(sys.argv[2]), sys.argv[2], sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(folder), architecture]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE, env=environment())
    return Path(done.stdout.splitlines()[-1])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run everything that was asked for, telling stderr how far it is."""
    cores = len(os.sched_getaffinity(0))
    found: dict[str, Any] = {"cores": cores, "networks": {}, "files": {}}
    repeats, plots = (6, 30) if options.quick else (options.repeats, options.plots)
    with tempfile.TemporaryDirectory(prefix="hydra-predict-") as folder:
        for architecture in options.architectures:
            rows = []
            for way in options.ways:
                print(f"{architecture}: {way} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
                rows.append(way_of(way, architecture, options.threads or cores, repeats, options.limit))
            found["networks"][architecture] = rows
            if options.no_files:
                continue
            bundle = write_bundle(Path(folder), architecture)
            for engine in options.engines:
                print(f"{architecture}: files, {engine} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
                (alone,) = side_by_side(bundle, engine, plots, 1, cores)
                both = side_by_side(bundle, engine, plots, 2, 1)
                found["files"].setdefault(architecture, []).append(
                    alone | {"two_processes_per_second": round(sum(b["per_second"] for b in both), 1)}
                )
    found["load"] = round(os.getloadavg()[0], 1)
    return found


def table(found: dict[str, Any]) -> str:
    lines = []
    for architecture, rows in found["networks"].items():
        side = untrained.SIDES[architecture]
        lines.append(f"{architecture}, {side}x{side}, {found['cores']} cores (load {found['load']})")
        lines.append(f"  {'':62} {'batch 1, ms':>20} {'batch 8, /s':>18} {'':>9} {'MiB':>6}")
        base = next((row.get("median_ms") for row in rows if row["way"] == "predict"), None)
        for row in rows:
            title = WAYS[row["way"]][0]
            if "missing" in row:
                lines.append(f"  {title:62} {row['missing']}")
                continue
            ratio = f"{base / row['median_ms']:.1f}x" if base else ""
            one = f"{row['median_ms']:.1f} (least {row['least_ms']:.1f})"
            eight = f"{row['per_second']:.1f} (most {row['most_per_second']:.1f})"
            lines.append(f"  {title:62} {one:>20} {eight:>18} {ratio:>9} {row['resident_mib']:>6}")
        for row in found["files"].get(architecture, []):
            lines.append(
                f"  PNG file 1200x900 to verdict with heat map, {row['engine']}: p50 {row['p50_ms']} ms, "
                f"p99 {row['p99_ms']}, least {row['least_ms']}, {row['per_second']}/s; "
                f"two processes {row['two_processes_per_second']}/s"
            )
    lines.append("ratios: of batch 1 to Keras predict, medians; the machine's load counts, so compare within one run")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few repeats: orders of magnitude only")
    parser.add_argument("--architectures", nargs="+", default=ARCHITECTURES, choices=untrained.SIDES)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES, help="for files")
    parser.add_argument("--no-files", action="store_true")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--plots", type=int, default=400, help="files judged for each figure")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that one way may take")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--verdicts", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.verdicts:
        bundle, engine, threads, plots = options.verdicts
        print(json.dumps(verdicts(Path(bundle), engine, int(threads), int(plots))), flush=True)
        os._exit(0)
    found = measure(options)
    print(json.dumps(found) if options.json else table(found))


if __name__ == "__main__":
    main()
