"""Small plots drawn with NumPy, a store and an archive of them, and a model trained once for all tests here."""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image as PilImage

from hydra_core import images
from hydra_core.archive import FileArchive
from hydra_core.domain import Image, LabelClass, LabelledPlot, ModelRecord, Plot, PlotType, Policy, Severity
from hydra_core.ports import RGB
from hydra_core.store import SqlStore
from hydra_ml.progress import Epoch
from hydra_ml.training import TrainingOptions, train

CLASSES = ("Good", "Bad", "NoData")
SIDE = 96


def draw(label: str, rng: np.random.Generator) -> RGB:
    """Draw a little occupancy plot: a frame with a disc; Bad lacks a sector, NoData the whole disc."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - SIDE / 2 + 0.5
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    level = 160 - radius + rng.normal(0, 6, radius.shape)
    disc = radius < 36
    if label == "Bad":
        disc &= np.abs((angle - rng.uniform(-np.pi, np.pi) + np.pi) % (2 * np.pi) - np.pi) > 0.5
    if label == "NoData":
        disc &= False
    rgb = np.full((SIDE, SIDE, 3), 255, np.uint8)
    rgb[disc] = np.clip(np.stack([level, level / 2, 255 - level], axis=-1), 0, 255)[disc].astype(np.uint8)
    rgb[6:-6, [6, -7]] = rgb[[6, -7], 6:-6] = 0
    return rgb


def png(rgb: RGB) -> bytes:
    out = io.BytesIO()
    PilImage.fromarray(rgb).save(out, "PNG")
    return out.getvalue()


def make_plot_type(name: str = "CDC_occupancy", classes: tuple[str, ...] = CLASSES) -> PlotType:
    severities = {c: Severity.NO_ALARM if c == "Good" else Severity.MAJOR for c in classes}
    labels = tuple(LabelClass(c, s, c[0].lower(), "#000000") for c, s in severities.items())
    policy = Policy(severities, dict.fromkeys(classes, 0.9), plot_type=name)
    return PlotType(name=name, title=name, group="CDC", pv="CDC_OCC", classes=labels, policy=policy)


@dataclass
class Watcher:
    """Progress that remembers; may stop the training after an epoch."""

    stop_after: int | None = None
    epochs: list[Epoch] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)

    def stage(self, text: str) -> None:
        self.stages.append(text)

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        if epoch.number == self.stop_after:
            raise KeyboardInterrupt

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class Lab:
    """Store, archive and models directory of one test."""

    store: SqlStore
    archive: FileArchive
    models: Path
    plot_type: PlotType

    def label(
        self, counts: dict[str, int], seed: int = 0, split: str | None = None, runs: int = 0, again: int = 0
    ) -> None:
        """Draw, archive and label so many plots of each class; `again` makes other plots of the same pictures."""
        rng = np.random.default_rng(seed)
        rows: list[LabelledPlot] = []
        pictures: dict[str, Image] = {}
        start = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=seed)
        for label, count in counts.items():
            for number in range(count):
                data = png(draw(label, rng))
                picture = images.describe(data, images.decode(data))
                self.archive.put(data)
                pictures[picture.sha256] = picture
                run = 1 + number % runs if runs else 0
                uid = f"{again:04x}{seed:04x}{len(rows):024x}"
                when = start + timedelta(minutes=len(rows))
                plot = Plot(uid, self.plot_type.name, run, number, when, when, f"{label}_{number}", picture.sha256)
                rows.append(LabelledPlot(plot, label, split))
        self.store.add_labels(rows, pictures, "test", "test")

    def train(self, watcher: Watcher | None = None, **options: object) -> ModelRecord:
        chosen = TrainingOptions(**{"architecture": "compact", "input_size": 48, "epochs": 8, "threads": 2, **options})  # type: ignore[arg-type]
        return train(self.plot_type, self.store, self.archive, self.models, chosen, watcher or Watcher())


def open_lab(path: Path, plot_type: PlotType | None = None) -> Lab:
    path.mkdir(parents=True, exist_ok=True)
    store = SqlStore(f"sqlite:///{path / 'hydra.sqlite3'}")
    store.upgrade()
    kind = plot_type or make_plot_type()
    store.sync_plot_types([kind])
    return Lab(store, FileArchive(path / "images"), path / "models", kind)
