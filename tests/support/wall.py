"""A small hall for tests of the web: its configuration, pictures, and a shift of plots judged by the real `decide`."""

import hashlib
import io
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image as PilImage

from hydra_core.config import HallConfig, parse_config
from hydra_core.decide import changed_episode, decide
from hydra_core.domain import (
    Condition,
    Failure,
    Image,
    ModelRef,
    Mute,
    Outcome,
    Plot,
    PlotState,
    PlotType,
    Prediction,
    Tick,
)
from hydra_core.ports import Archive

HALL = """
deployment: hall-d
timezone: America/New_York
data_dir: data
epics: {prefix: "HYDRA:TEST:"}
defaults:
  stale_after: 5m
  classes:
    Good: {severity: none, key: g}
    Bad: {severity: major, key: b}
    NoData: {severity: minor, key: n}
plots:
  CDC_occupancy: {title: CDC occupancy, group: CDC, pv: CDC_OCC, contact: cdc@example.org,
                  guidance: "https://example.org/cdc", response: "Check the high-voltage board of the blank sector."}
  FCAL_occupancy: {title: FCAL occupancy, group: FCAL, pv: FCAL_OCC, response: Call the FCAL expert.}
  BCAL_occupancy: {title: BCAL occupancy, group: BCAL, pv: BCAL_OCC, response: Call the BCAL expert.}
  ST_occupancy: {title: Start counter occupancy, group: ST, pv: ST_OCC, response: Call the ST expert.}
  TOF_occupancy: {title: TOF occupancy, group: TOF, pv: TOF_OCC, response: Call the TOF expert.}
  RF_selftiming: {title: RF self-timing, group: RF, pv: RF_SELF, model: null}
  fa125_itrig: {title: fa125 itrig, group: CDC, pv: FA125, response: Call the CDC expert., classes: {Good: {key: g}}}
"""


def hall(directory: Path, port: int = 8080, text: str = HALL, web: str = "") -> HallConfig:
    """Return the hall's configuration with everything below `directory`; `web` has more keys of that section."""
    return parse_config(f"{text}\nweb: {{port: {port}, {web}}}\n", directory / "hall.yaml")


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """Return a PNG that no other seed gives, of `size` (width, height)."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    PilImage.fromarray(noise).resize(size, PilImage.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def hot_spot(x: float = 0.7, y: float = 0.3, shape: tuple[int, int] = (9, 12)) -> np.ndarray:
    """Return a Grad-CAM map with its peak at (x, y) in 0…1."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    distance = ((columns / (shape[1] - 1) - x) ** 2 + (rows / (shape[0] - 1) - y) ** 2) / 0.03
    return np.rint(255 * np.exp(-distance)).astype(np.uint8)


class Shift:
    """Plots that arrive, are judged by `decide` and recorded: the IOC's part, without the IOC.

    Each plot arrives now, unless `moment` is set (then at that time, which the test moves on), as the file `source`
    when there is one.
    """

    def __init__(self, config: HallConfig, record: Callable[[Outcome], None], archive: Archive) -> None:
        self.types: dict[str, PlotType] = {one.name: one for one in config.plot_types()}
        self._record = record
        self._archive = archive
        self._states = {name: PlotState() for name in self.types}
        self._chunk = 0
        self.run = 120345
        self.source: str | None = None
        self.moment: datetime | None = None

    def now(self) -> datetime:
        """Return the time at which the next thing happens."""
        return self.moment or datetime.now(UTC)

    def open(self) -> None:
        """Let the time pass once for every plot type, as the IOC does at its start."""
        for name, plot_type in self.types.items():
            self.tick(name, Tick(has_model=plot_type.judged))

    def judge(
        self,
        name: str,
        class_name: str,
        score: float = 0.993,
        data: bytes | None = None,
        cam: np.ndarray | None = None,
        embedding: np.ndarray | None = None,
        novelty: float = 0.1,
    ) -> Plot:
        """Let a plot arrive of which the model says `class_name`; returns it."""
        plot, image = self._plot(name, data)
        classes = self.types[name].class_names()
        rest = (1.0 - score) / (len(classes) - 1)
        scores = tuple(score if c == class_name else rest for c in classes)
        ref = ModelRef(name, 3, "ab" * 32)
        heat = hot_spot() if cam is None else cam
        prediction = Prediction(plot, ref, classes, scores, heat, embedding, novelty, 0.02)
        self._step(name, prediction, plot, image, prediction)
        return plot

    def confirm(self, name: str, class_name: str, score: float = 0.993) -> Plot:
        """Let as many plots of a class arrive as the strictest k of n in these tests needs; returns the last."""
        self.judge(name, class_name, score)
        return self.judge(name, class_name, score)

    def fail(self, name: str, reason: str = "TRUNCATED: the file ends early", data: bytes | None = None) -> Plot:
        """Let a plot arrive that cannot be read; returns it."""
        plot, image = self._plot(name, data)
        self._step(name, Failure(name, Condition.READ, reason, plot), plot, image, None)
        return plot

    def tick(self, name: str, tick: Tick | None = None) -> None:
        """Let time pass."""
        self._step(name, tick or Tick(), None, None, None)

    def go_silent(self, name: str, minutes: float = 7.0) -> None:
        """Let a plot arrive that many minutes ago, and nothing since."""
        self.moment = datetime.now(UTC) - timedelta(minutes=minutes)
        self.tick(name)
        self.judge(name, "Good")
        self.moment = None
        self.tick(name)

    def mute(self, name: str, minutes: int = 30, by: str = "ann") -> None:
        """Let an operator silence a plot type."""
        self._step(name, Mute(self.now() + timedelta(minutes=minutes), by), None, None, None)

    def _plot(self, name: str, data: bytes | None) -> tuple[Plot, Image]:
        self._chunk += 1
        data = data or picture(self._chunk)
        with PilImage.open(io.BytesIO(data)) as opened:
            width, height = opened.size
        sha256 = self._archive.put(data)
        image = Image(sha256, "image/png", width, height, len(data), None)
        source = self.source or f"Run{self.run}/{name}_{self._chunk:04d}.png"
        uid = hashlib.blake2b(uuid.uuid4().bytes, digest_size=16).hexdigest()
        return Plot(uid, name, self.run, self._chunk, self.now(), self.now(), source, sha256), image

    def _step(
        self,
        name: str,
        event: Prediction | Failure | Tick | Mute,
        plot: Plot | None,
        image: Image | None,
        prediction: Prediction | None,
    ) -> None:
        before, now = self._states[name], self.now()
        after, verdict = decide(before, event, self.types[name].policy, now)
        self._states[name] = after
        if verdict is not None:
            episode = changed_episode(before, after, now)
            said = None if isinstance(event, Prediction) else event
            self._record(Outcome(name, now, image, plot, prediction, verdict, after, episode, event=said))
