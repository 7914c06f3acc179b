"""An archive judged again: the same over Dask as here, once whatever is killed, and what alarms would have been."""

import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from distributed import Client
from support.lab import Lab, Watcher

from hydra_core.decide import changed_episode, decide
from hydra_core.domain import ModelRecord, ModelRef, Outcome, PlotState, Prediction
from hydra_core.images import Limits
from hydra_core.store.scratch import Scratch
from hydra_ml.scale import rejudge
from hydra_ml.scale.pictures import PictureJudge
from hydra_ml.scale.rejudge import Judged, judge_again, would_have_been
from hydra_ml.scale.workers import ThisProcess, Workers, open_workers

KIND = "CDC_occupancy"
COUNTS = {"Good": 14, "Bad": 12, "NoData": 4}
BLIND = ModelRef(KIND, 7, "7" * 64)
NAMES = ("Good", "Bad", "NoData")
NewHall = Callable[..., Any]


@dataclass
class Hall:
    """A lab with an archive of plots that a blind model has called good, one a minute, and a model that sees."""

    lab: Lab
    bundle: Path
    ref: ModelRef

    def judge(self) -> PictureJudge:
        return PictureJudge(self.bundle, self.lab.archive.path, Limits())

    def again(self, workers: Workers, said: object | None = None) -> Judged:
        plots = self.lab.store.stored_plots(KIND)
        return judge_again(self.ref, plots, self.judge(), workers, said or self.lab.store, Watcher())  # type: ignore[arg-type]

    def said(self, where: object | None = None) -> dict[str, Prediction]:
        plots = [s.plot for s in self.lab.store.stored_plots(KIND)]
        return (where or self.lab.store).predictions_of(self.ref, plots)  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def hall(trained: tuple[Lab, ModelRecord], new_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr(rejudge, "BATCH", 4)
    old, record = trained
    lab = new_lab()
    lab.label(COUNTS, seed=5)
    return Hall(lab, old.models / record.path, record.ref)


def live_through(lab: Lab) -> None:
    """Record what a model told that takes everything for good."""
    state = PlotState()
    for item in lab.store.labelled(KIND):
        said = Prediction(item.plot, BLIND, NAMES, (0.98, 0.01, 0.01))
        now = item.plot.received_at + timedelta(seconds=1)
        before = state
        state, verdict = decide(state, said, lab.plot_type.policy, now)
        episode = changed_episode(before, state, now)
        lab.store.record(Outcome(KIND, now, None, item.plot, said, verdict, state, episode))


def test_the_alarms_that_would_have_been(hall: Hall) -> None:
    live_through(hall.lab)
    judged = hall.again(ThisProcess())
    assert (judged.now, judged.before, judged.failed) == (30, 0, 0)
    assert judged.classes == COUNTS
    alarms = would_have_been(hall.lab.plot_type, hall.lab.store, hall.ref, hall.lab.store, hall.lab.plot_type.policy)
    assert alarms.recorded and (alarms.replay.episodes_then, alarms.replay.episodes_now) == (0, 1)
    assert alarms.changed == {("Good", "Good"): 14, ("Good", "Bad"): 12, ("Good", "NoData"): 4}
    assert alarms.replay.differing >= 15 and alarms.replay.differences[0].then.status.name == "GOOD"
    assert alarms.days == pytest.approx(29 / 1440) and alarms.a_day(1) is None
    assert rejudge.Alarms(alarms.replay, True, alarms.changed, 2.0).a_day(1) == 0.5


def test_an_archive_that_nobody_judged_is_taken_in_the_order_of_runs(hall: Hall) -> None:
    hall.again(ThisProcess())
    alarms = would_have_been(hall.lab.plot_type, hall.lab.store, hall.ref, hall.lab.store, hall.lab.plot_type.policy)
    assert not alarms.recorded and alarms.replay.events == 30 and not alarms.changed


def test_a_run_that_was_stopped_goes_on_where_it_was(hall: Hall) -> None:
    class Stopped(ThisProcess):
        def run(self, job: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
            for number, result in enumerate(super().run(job, tasks)):
                if number == 3:
                    raise KeyboardInterrupt
                yield result

    with pytest.raises(KeyboardInterrupt):
        hall.again(Stopped())
    assert len(hall.said()) == 12
    judged = hall.again(ThisProcess())
    assert (judged.now, judged.before) == (18, 12) and len(hall.said()) == 30
    assert (hall.again(ThisProcess()).now, hall.again(ThisProcess()).before) == (0, 30)


def test_a_picture_that_is_gone_is_counted_and_the_others_go_on(hall: Hall) -> None:
    victim = hall.lab.store.labelled(KIND)[2].plot
    next(hall.lab.archive.path.rglob(f"{victim.sha256}*")).unlink()
    judged = hall.again(ThisProcess())
    assert (judged.now, judged.failed) == (29, 1)
    assert judged.failures[0].startswith("Good_2: archive ") and "is missing" in judged.failures[0]


class Killing:
    """Dask's workers, of which one is killed when the first result is there."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.killed = 0

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        for result in self._workers.run(job, tasks):
            if not self.killed:
                client: Client = self._workers._client  # type: ignore[attr-defined]
                self.killed = next(iter(client.run(os.getpid).values()))
                os.kill(self.killed, signal.SIGKILL)
            yield result


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_dask_gives_the_same_and_a_killed_worker_costs_nothing(hall: Hall, tmp_path: Path) -> None:
    hall.again(ThisProcess())
    here = hall.said()
    with closing(Scratch(tmp_path)) as scratch, open_workers("local", 2, tmp_path) as workers:
        killing = Killing(workers)
        judged = hall.again(killing, scratch)
        assert killing.killed and (judged.now, judged.failed) == (30, 0)
        there = hall.said(scratch)
    assert there.keys() == here.keys()
    for uid, prediction in there.items():
        assert prediction.scores == pytest.approx(here[uid].scores, abs=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_says_it_all_and_a_dry_run_stores_nothing(
    trained: tuple[Lab, ModelRecord], new_hall: NewHall
) -> None:
    lab, record = trained
    hydra = new_hall(per_class=6)
    bundle = shutil.copytree(lab.models / record.path, hydra.models / KIND / "v1")
    words = ("replay", KIND, "--classify", str(bundle))
    dry = hydra.json(*words, "--dry-run", "--cluster", "none")
    assert (dry["judged"], dry["failed"], dry["recorded"]) == (18, 0, False)
    assert sum(dry["classes"].values()) == 18 and set(dry["classes"]) == set(NAMES)
    found = hydra.json(*words, "--cluster", "local", "--workers", "1")
    assert (found["judged"], found["judged_before"]) == (18, 0)
    same = ("classes", "episodes_now", "changed", "days", "model")
    assert {k: found[k] for k in same} == {k: dry[k] for k in same}
    told = hydra("replay", "--classify", f"{KIND}:1", "--cluster", "none")
    assert "CDC_occupancy v1: 0 plots judged, 18 judged before, 0 could not be" in told
    assert "nobody was told anything of these plots before" in told
    assert "judges CDC_occupancy only, not FCAL" in hydra("replay", "FCAL", "--classify", str(bundle), code=2)
