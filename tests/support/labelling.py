"""A hall with plots to label: simulated pictures, judged by an active model that is sometimes wrong."""

from dataclasses import dataclass, field

import numpy as np

from hydra_core.domain import ModelRef, Plot
from hydra_ml.simulate import RunConditions, draw, png, sample
from support.web_server import Hall

KIND = "CDC_occupancy"
SIZE = (640, 480)


@dataclass
class Lesson:
    """Plots of one type. `truth[uid]` is what each really is; the model says something else of one in ten."""

    hall: Hall
    name: str = KIND
    seed: int = 5
    truth: dict[str, str] = field(default_factory=dict)
    plots: list[Plot] = field(default_factory=list)

    def promote(self) -> None:
        """Make the model that judged the plots the active one."""
        classes = self.hall.shift.types[self.name].class_names()
        self.hall.store.add_model(self.name, ModelRef(self.name, 3, "ab" * 32), "m/v3", classes, {}, {}, "test")
        self.hall.store.promote(self.name, 3, "test")

    def bring(self, count: int, pictures: int | None = None, runs: int = 3) -> "Lesson":
        """Let plots arrive, with so many different pictures (None: each its own)."""
        rng = np.random.default_rng(self.seed)
        names = self.hall.shift.types[self.name].class_names()
        drawn = [self._drawn(rng, i, names) for i in range(pictures or count)]
        for number in range(count):
            kind, data = drawn[number % len(drawn)]
            self.hall.shift.run = 120345 + number * runs // count
            said = kind if rng.random() > 0.1 else names[int(rng.integers(len(names)))]
            score = float(np.clip(1 - rng.exponential(0.15), 0.4, 0.999))
            plot = self.hall.shift.judge(self.name, said, score, data, novelty=float(rng.random()))
            self.truth[plot.uid] = kind
            self.plots.append(plot)
        self.hall.caught_up()
        return self

    def _drawn(self, rng: np.random.Generator, number: int, names: tuple[str, ...]) -> tuple[str, bytes]:
        kind = names[0] if number % 4 else names[1 + number // 4 % (len(names) - 1)]
        run = RunConditions(120345)
        severity = None if kind == names[0] else 0.8
        return kind, png(draw(sample(self.name, rng, run=run, label=kind, severity=severity), run.style(), SIZE))
