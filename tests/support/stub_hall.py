"""A hall whose models read their answer from the picture, for tests of alarms: starts in a second, judges at once."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hydra_core.domain import ModelRef
from support.hall import Hall, IocProcess, quiet

CLASSES = ("Good", "Bad", "NoData")


def picture(label: str = "Good", score: float = 0.99, novelty: float = 0.0, seed: int = 0) -> bytes:
    """Return a PNG that the stub model takes for this class with this score."""
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    pixels[0, 0] = (CLASSES.index(label), round(score * 200), round(novelty * 200))
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def plots(number: int) -> dict[str, dict[str, str]]:
    """Return so many plot types for the YAML: P0, P1, …"""
    return {f"P{n}": {"pv": f"P{n}", "group": "Test", "response": "Look."} for n in range(number)}


class StubHall(Hall):
    """A hall of P0, P1, … with stub models active. `drop_as` delivers a plot of a class."""

    def __init__(self, folder: Path, number: int = 1, **changes: Any) -> None:
        super().__init__(folder, plots=plots(number), **changes)
        self._drawn = 0
        with self.store() as store:
            store.sync_plot_types(self.config.plot_types())
        for n in range(number):
            self.use_model(f"P{n}")

    def use_model(self, plot_type: str, path: str = "stub") -> None:
        """Promote another version of the stub model; one with the path "broken" cannot be loaded."""
        with self.store() as store:
            version = store.next_version(plot_type)
            ref = ModelRef(plot_type, version, f"{version:064x}")
            store.add_model(plot_type, ref, path, CLASSES, {}, {}, "test")
            store.promote(plot_type, version, "test")

    def add_candidate(self, plot_type: str, path: str = "contrary") -> int:
        """Enter another version of the stub model that stays a candidate; return its version."""
        with self.store() as store:
            version = store.next_version(plot_type)
            ref = ModelRef(plot_type, version, f"{version:064x}")
            store.add_model(plot_type, ref, path, CLASSES, {}, {}, "test")
        return version

    def drop_as(self, plot_type: str, label: str = "Good", score: float = 0.99, novelty: float = 0.0) -> int:
        """Deliver a plot that the model takes for this class; return its chunk number."""
        self._drawn += 1
        return self.drop(plot_type, picture(label, score, novelty, self._drawn))


class StubIoc(IocProcess):
    """The IOC of a `StubHall` as a process."""

    def command(self, hall: Hall) -> list[str]:
        """Return what to run."""
        return [sys.executable, "-m", "support.stub_ioc_process", "-c", str(hall.yaml)]

    def environment(self, **changes: str) -> dict[str, str]:
        """Return its environment."""
        path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        return quiet(PYTHONPATH=path, **changes)
