"""Plausible plot types, plots and outcomes for tests of the store, the spool and the replay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np

from hydra_core.decide import changed_episode, decide
from hydra_core.domain import (
    Condition,
    Event,
    Failure,
    Image,
    KofN,
    LabelClass,
    ModelRef,
    Mute,
    Outcome,
    Plot,
    PlotState,
    PlotType,
    Policy,
    Prediction,
    Severity,
    Tick,
)

START = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
CLASSES = (
    LabelClass("Good", Severity.NO_ALARM, "g", "#2e7d32"),
    LabelClass("Bad", Severity.MAJOR, "b", "#c62828"),
    LabelClass("NoData", Severity.MINOR, "n", "#616161"),
)
SHAPE = (5, 7)


def plot_type(name: str = "CDC_occupancy", classes: tuple[LabelClass, ...] = CLASSES) -> PlotType:
    """Return a plot type that needs 2 of 3 to alarm and 2 of 2 to clear."""
    policy = Policy(
        plot_type=name,
        severities={c.name: c.severity for c in classes},
        thresholds={c.name: 0.9 for c in classes},
        confirm=KofN(2, 3),
        clear=KofN(2, 2),
    )
    return PlotType(name, name.replace("_", " "), name.split("_")[0], name.upper(), classes, policy)


def at(seconds: float) -> datetime:
    """Return a time so many seconds after START."""
    return START + timedelta(seconds=seconds)


def plot(number: int, name: str = "CDC_occupancy") -> Plot:
    """Return the plot with this number; every fourth picture is the same as the one before."""
    uid = f"{sha256(name.encode()).hexdigest()[:16]}{number:016x}"
    picture = sha256(f"{name}{number - (number % 4 == 3)}".encode()).hexdigest()
    times = (at(number * 10 - 1), at(number * 10))
    return Plot(uid, name, 12000 + number // 100, number % 100, *times, f"Run012000/{name}_{number:04d}.png", picture)


def image(item: Plot) -> Image:
    """Return what is known of the plot's picture; the hash uses all 64 bits."""
    return Image(item.sha256, "image/png", 1200, 900, 42000, int(item.sha256[:16], 16))


def prediction(item: Plot, class_name: str = "Good", score: float = 0.97, version: int = 3) -> Prediction:
    """Return a prediction with heat map and embedding."""
    names = tuple(c.name for c in CLASSES)
    rest = (1.0 - score) / (len(names) - 1)
    scores = tuple(score if name == class_name else rest for name in names)
    cam = (np.arange(35, dtype=np.uint8) * 7).reshape(SHAPE)
    ref = ModelRef(item.plot_type, version, sha256(f"model {version}".encode()).hexdigest())
    return Prediction(item, ref, names, scores, cam, np.ones(16, np.float32), novelty=0.125, took=0.03125)


class Life:
    """One plot type as the IOC lives it: every event goes through `decide` and becomes an outcome."""

    def __init__(self, kind: PlotType | None = None) -> None:
        self.kind = kind or plot_type()
        self.state = PlotState()

    def step(self, event: Event, seconds: float) -> Outcome:
        """Return the outcome of an event."""
        now = at(seconds)
        after, verdict = decide(self.state, event, self.kind.policy, now)
        episode = changed_episode(self.state, after, now)
        self.state = after
        item = event.plot if isinstance(event, Prediction | Failure) else None
        return Outcome(
            self.kind.name,
            now,
            image=image(item) if item is not None else None,
            plot=item,
            prediction=event if isinstance(event, Prediction) else None,
            verdict=verdict,
            state=after,
            episode=episode,
            event=None if isinstance(event, Prediction) else event,
        )

    def judge(self, number: int, class_name: str = "Good", score: float = 0.97) -> Outcome:
        """Return the outcome of a plot that the model judged."""
        return self.step(prediction(plot(number, self.kind.name), class_name, score), number * 10 + 0.25)


def incident(life: Life | None = None) -> list[Outcome]:
    """Return a day in short: good, an incident that is muted and clears, an unreadable file, silence, no beam."""
    life = life or Life()
    out = [life.step(Tick(resumed=True), 1)]
    out += [life.judge(number) for number in (1, 2)]
    out += [life.judge(number, "Bad", 0.99) for number in (3, 4)]
    out.append(life.step(Mute(at(3600), "anna"), 45))
    out.append(life.judge(5, "Bad", 0.995))
    out.append(life.step(Mute(None, "ben"), 55))
    out += [life.judge(number) for number in (6, 7, 8)]
    broken = plot(9, life.kind.name)
    out.append(life.step(Failure(life.kind.name, Condition.READ, "PNG ends too early", broken), 90.25))
    out.append(replace(out[-1], image=None, plot=plot(10, life.kind.name), verdict=None, state=None, event=None))
    out.append(life.step(Tick(), 1000))
    out.append(life.step(Tick(gate_open=False), 1001))
    out.append(life.judge(110, "Bad", 0.99))
    out.append(life.step(Tick(gate_open=True), 1200))
    out.append(Outcome(life.kind.name, at(1201), reject="Run012000/x.png: 16-bit palette"))
    return out
