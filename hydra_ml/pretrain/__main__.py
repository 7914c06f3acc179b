"""Draw, train, write weights and card (seeded; an hour on two cores)."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hydra_ml.light import INPUT_SIZE, STAGES, WEIGHTS, save_weights
from hydra_ml.pretrain.drawing import Pairs, PlotClass, draw_pairs, plan
from hydra_ml.pretrain.network import network, train

LEFT_OUT = (
    "FDC_occupancy", "PS_occupancy", "RF_TPOL_occupancy", "Kinematics-PSEnergy",
    "clas12_DC_occupancy", "clas12_BST_occupancy", "clas12_CND_occupancy", "clas12_RF_difference",
)  # fmt: skip
"""Plot types that the backbone never sees, so that figures on them say what a new plot type may expect."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights."""
    parser = argparse.ArgumentParser(prog="python -m hydra_ml.pretrain", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--pairs", type=int, default=7200, help="plots to draw, each with a healthy one beside it")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", action="append", help="plot types to leave out")
    parser.add_argument("--root-share", type=float, default=0.2, help="share drawn by ROOT where it is installed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--drawn", type=Path, help="keep the drawn pairs in this file, or read them from it")
    options = parser.parse_args(arguments)
    without = LEFT_OUT if options.without is None else tuple(options.without)
    wanted, classes = plan(options.pairs, options.seed, without)
    pairs = _pairs(wanted, classes, options)
    model = network(len(classes))
    figures = train(model, pairs, options.epochs, options.seed, lambda _: save_weights(model, options.out))
    card = {
        "made_by": "python -m hydra_ml.pretrain",
        "settings": {
            **{name: getattr(options, name) for name in ("pairs", "epochs", "seed", "root_share")},
            "left_out": without,
        },
        "input_size": INPUT_SIZE,
        "stages": STAGES,
        "classes": [f"{name}/{fault or 'healthy'}" for name, fault in classes],
        "held_out": figures,
    }
    options.out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")


def _pairs(wanted: list[PlotClass], classes: list[PlotClass], options: argparse.Namespace) -> Pairs:
    if options.drawn and options.drawn.exists():
        with np.load(options.drawn) as file:
            return Pairs(**{name: file[name] for name in file.files})
    pairs = draw_pairs(wanted, classes, options.seed, options.root_share, options.processes)
    if options.drawn:
        np.savez(options.drawn, allow_pickle=False, **pairs.arrays())
    return pairs


if __name__ == "__main__":
    main()
