"""Plots that a model has judged, as the IOC would have recorded them, without an IOC."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from hydra_core import images
from hydra_core.decide import decide
from hydra_core.domain import Outcome, Plot, PlotState, PlotType, Prediction
from hydra_core.ports import RGB, Archive
from hydra_core.store import SqlStore

Predict = Callable[[Sequence[tuple[Plot, RGB]]], list[Prediction]]


def feed(
    store: SqlStore,
    archive: Archive,
    kind: PlotType,
    predict: Predict,
    pictures: Sequence[tuple[bytes, int]],
    start: datetime,
) -> list[str]:
    """Archive, judge and record pictures (PNG, run), a minute apart; return their uids."""
    uids, state = [], PlotState()
    for number, (data, run) in enumerate(pictures):
        at, rgb = start + timedelta(minutes=number), images.decode(data)
        plot = Plot(uuid4().hex, kind.name, run, number, at, at, f"Run{run}/{number}.png", archive.put(data))
        prediction = predict([(plot, rgb)])[0]
        state, verdict = decide(state, prediction, kind.policy, at)
        described = images.describe(data, rgb)
        store.record(Outcome(kind.name, at, described, plot, prediction, verdict, state))
        uids.append(plot.uid)
    return uids
