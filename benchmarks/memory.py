"""Memory of the judging: `python benchmarks/memory.py [--plots 100000] [--quick]`, and `--models 10 --architecture A`.

Without `--models` one process judges plots, from PNG to verdict with heat map, and prints how much its resident memory
grew after the first tenth; `--leak BYTES` keeps so many of every plot on purpose, to show that a leak would be seen.
With `--models` it loads so many models as the IOC does and prints what they take: all different, or with `--shared`
different heads on one body.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import untrained

GROWTH_GOAL, MODELS_GOAL = 20.0, 1536.0
"""MiB, from the issue that asked for this benchmark."""
MANY, QUICK = 100_000, 2_000
PICTURES = 8


def judge_of(bundle: Path) -> Any:
    """Return the IOC's own judge with the model of one bundle."""
    from hydra_core.images import Limits
    from hydra_ioc.judging import Judge
    from hydra_ml.classifier import TensorFlowClassifier, predict_mixed

    classifier = TensorFlowClassifier.load(bundle, threads=1)
    loaded = {classifier.ref.plot_type: classifier}
    return Judge(Limits(), lambda: loaded, predict_mixed), classifier  # type: ignore[arg-type]


def growth(bundle: Path, plots: int, leak: int, width: int) -> dict[str, Any]:
    """Judge so many plots; return how much memory grew from the first tenth to the highest afterwards."""
    from hydra_core.domain import Arrival

    judge, classifier = judge_of(bundle)
    now = datetime.now(UTC)
    files = [untrained.canvas(number, width) for number in range(PICTURES)]
    kept: list[bytes] = []
    start, highest, began = 0.0, 0.0, time.monotonic()
    for number in range(plots):
        name = classifier.ref.plot_type
        (judged,) = judge([Arrival(name, 1, number, now, now, f"{number}.png", files[number % PICTURES])])
        if not judged.event.scores:
            raise SystemExit("a plot was not judged")
        if leak:
            kept.append(os.urandom(leak))
        if number == plots // 10:
            start = untrained.resident()
        if start:
            highest = max(highest, untrained.resident())
    return {
        "plots": plots,
        "engine": classifier.engine.name,
        "resident_mib": round(start, 1),
        "growth_mib": round(highest - start, 1),
        "leaked_mib": round(sum(map(len, kept)) * 0.9 / 2**20, 1),
        "seconds": round(time.monotonic() - began, 1),
    }


def write_models(models: Path, count: int, architecture: str, shared: bool) -> list[str]:
    """Write bundles, one for each of so many plot types."""
    names = [f"plot_{number}" for number in range(count)]
    for number, name in enumerate(names):
        model = untrained.network(architecture, seed=number, body_seed=0 if shared else number)
        if not shared:
            _make_different(model, number)
        untrained.write(models, model, architecture, name)
    return names


def _make_different(model: Any, number: int) -> None:
    """Change one weight of the body: pretrained ones are all alike."""
    layer = next(layer for layer in model.layers if type(layer).__name__ == "Conv2D")
    kernel, *rest = layer.get_weights()
    kernel.flat[0] += 0.001 * (number + 1)
    layer.set_weights([kernel, *rest])


def loaded(models: Path, names: list[str], engine: str) -> dict[str, Any]:
    """Load the models as the IOC does, judge with each, and return what that takes."""
    from hydra_core.config.sections import Models
    from hydra_core.domain import ModelRecord
    from hydra_core.images import decode
    from hydra_ioc.heads import Heads
    from hydra_ml.bundle import read_card

    heads = Heads(untrained.plot_types(names), Models(path=models, threads=1, engine=engine))  # type: ignore[arg-type]
    records = {}
    for name in names:
        card = read_card(models / name / "v1")
        path = f"{name}/v1"
        records[name] = ModelRecord(card.ref(), "active", path, card.classes, {}, {}, card.created_at, "benchmark")
    before, began = untrained.resident(), time.monotonic()
    heads.load(records)
    after, took = untrained.resident(), time.monotonic() - began
    if troubles := [why for _, why in heads.troubles() if why]:
        raise SystemExit(f"not loaded: {troubles[0]}")
    rgb = decode(untrained.canvas())
    current = {name: head for name, head in heads.current().items() if not isinstance(head, str)}
    heads.predict([(current[name], untrained.plot(name), rgb) for name in names])
    return {
        "models": len(names),
        "engines": sorted({head.engine.name for head in current.values()}),  # type: ignore[attr-defined]
        "bodies": len({id(head.engine) for head in current.values()}),  # type: ignore[attr-defined]
        "before_mib": round(before, 1),
        "loaded_mib": round(after, 1),
        "judged_mib": round(untrained.resident(), 1),
        "load_seconds": round(took, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--plots", type=int, default=MANY)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} plots")
    parser.add_argument("--bundle", type=Path, help="a model's bundle (default: one never trained)")
    parser.add_argument("--leak", type=int, default=0, metavar="BYTES", help="keep so much of every plot")
    parser.add_argument("--width", type=int, default=1200, help="of the pictures, in pixels")
    parser.add_argument("--architecture", default="light", choices=untrained.SIDES)
    parser.add_argument("--models", type=int, help="load so many models instead")
    parser.add_argument("--shared", action="store_true", help="with --models: one body for all")
    parser.add_argument("--engine", default="auto", choices=["auto", "float32", "bfloat16", "openvino"])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--written", nargs=2, metavar=("PATH", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hydra-memory-") as folder:
        found = _run(options, Path(folder))
    print(json.dumps(found) if options.json else table(found, options))


def _run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    if options.written:
        names = [f"plot_{number}" for number in range(int(options.written[1]))]
        return loaded(Path(options.written[0]), names, options.engine)
    if options.models:
        # Written in a process of its own: what building ten networks leaves behind is not the IOC's.
        _apart(folder, options)
        command = [sys.executable, __file__, "--json", "--engine", options.engine]
        return _answer([*command, "--written", str(folder), str(options.models)])
    bundle = options.bundle
    if bundle is None:
        _apart(folder, options, models=1)
        bundle = folder / "plot_0" / "v1"
    return growth(bundle, QUICK if options.quick else options.plots, options.leak, options.width)


def _apart(folder: Path, options: argparse.Namespace, models: int | None = None) -> None:
    from multiprocessing import get_context

    arguments = (folder, models or options.models, options.architecture, options.shared)
    writer = get_context("spawn").Process(target=write_models, args=arguments)
    writer.start()
    writer.join()
    if writer.exitcode:
        raise SystemExit("the models could not be written")


def _answer(command: list[str]) -> dict[str, Any]:
    import subprocess

    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def table(found: dict[str, Any], options: argparse.Namespace) -> str:
    if "models" in found:
        head = f"{found['models']} models of {options.architecture}, {found['bodies']} bodies, {found['engines'][0]}"
        return (
            f"{head}: {found['judged_mib']} MiB resident (goal {MODELS_GOAL:.0f}), "
            f"{found['before_mib']} before, loaded in {found['load_seconds']} s"
        )
    leaked = f", {found['leaked_mib']} MiB of it leaked on purpose" if options.leak else ""
    return (
        f"{found['plots']} plots judged in {found['seconds']} s by {found['engine']}: {found['resident_mib']} MiB "
        f"resident after a tenth, then +{found['growth_mib']} MiB (goal {GROWTH_GOAL:.0f}){leaked}"
    )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
