"""Networks that were never trained, as bundles: the time and memory of a model do not depend on what it learnt."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import keras

    from hydra_core.domain import Plot

CLASSES = ("Good", "Bad", "NoData")
SIDES = {"inception_v3": 299, "light": 192, "compact": 160}
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def network(architecture: str, seed: int = 1, body_seed: int | None = None) -> "keras.Model":
    """Build a network with BatchNormalization statistics as training leaves them; `body_seed` None: as `seed`."""
    import keras

    from hydra_ml.architectures import build

    body_seed = seed if body_seed is None else body_seed
    keras.utils.set_random_seed(body_seed)
    model = build(architecture, SIDES[architecture], len(CLASSES))
    rng = np.random.default_rng(body_seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            lowest = {"gamma": 0.8, "moving_variance": 0.8, "beta": -0.1, "moving_mean": -0.1}
            layer.set_weights([lowest[w.name] + rng.uniform(0, 0.4, w.shape) for w in layer.weights])
    kernel, bias = model.layers[-1].get_weights()
    rng = np.random.default_rng(seed)
    model.layers[-1].set_weights([rng.normal(0, 0.05, kernel.shape), bias])
    return model


def write(models: Path, model: "keras.Model", architecture: str, plot_type: str = "CDC_occupancy") -> Path:
    """Write a bundle with golden pictures and return its directory."""
    from hydra_ml.bundle import bundle_path, write_bundle
    from hydra_ml.card import Card
    from hydra_ml.golden import GOLDEN_FILE, Golden, said_by_keras
    from hydra_ml.preprocess import NO_CROP, PREPROCESS_VERSION, prepare

    side = SIDES[architecture]
    card = Card(
        plot_type=plot_type,
        version=1,
        classes=CLASSES,
        architecture=architecture,
        input_size=side,
        crop=NO_CROP,
        preprocess=PREPROCESS_VERSION,
        dataset="0" * 64,
        split={},
        metrics={},
        thresholds={},
        threshold_method="none",
        temperature=1.0,
        training={},
        warnings=(),
        versions={},
        created_at=WHEN,
        created_by="benchmark",
        files={"model.keras": "0" * 64},
    )
    coarse = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 3), np.uint8)
    pictures = np.stack([prepare(each, (side, side)) for each in coarse])
    scores, novelty = said_by_keras(model, card, pictures, None)
    write_bundle(models, card, model, {GOLDEN_FILE: Golden(pictures, scores, novelty).to_bytes()})
    return bundle_path(models, plot_type, 1)


def plot(plot_type: str = "CDC_occupancy", number: int = 0) -> "Plot":
    """Return a plot of that type."""
    from hydra_core.domain import Plot

    return Plot(f"{number:032x}", plot_type, 1, number, WHEN, WHEN, f"{plot_type}_{number}.png", "0" * 64)


def canvas(number: int = 0, width: int = 1200) -> bytes:
    """Return a PNG, 4:3, as a monitoring canvas is: white paper, a frame, one drawn plot in many colours."""
    from PIL import Image

    from hydra_ml.simulate import RunConditions, Style, draw, sample

    run = RunConditions(121001, 1)
    content = sample("CDC_occupancy", np.random.default_rng(number), run=run, label="Good")
    drawn = Image.fromarray(draw(content, Style.sample(np.random.default_rng(7))).rgb)
    out = io.BytesIO()
    drawn.resize((width, width * 3 // 4), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def pictures(count: int, side: int) -> npt.NDArray[np.uint8]:
    """Return noise as prepared plots, uint8 (count, side, side, 3)."""
    return np.random.default_rng(count).integers(0, 256, (count, side, side, 3), np.uint8)


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def plot_types(names: list[str]) -> Any:
    """Return plot types of those names with the classes of the networks here."""
    from hydra_core.domain import LabelClass, PlotType, Policy, Severity

    severities = {c: Severity.NO_ALARM if c == "Good" else Severity.MAJOR for c in CLASSES}
    labels = tuple(LabelClass(c, s, c[0].lower(), "#000000") for c, s in severities.items())
    policy = Policy(severities, dict.fromkeys(CLASSES, 0.9))
    return {n: PlotType(name=n, title=n, group="G", pv=n.upper(), classes=labels, policy=policy) for n in names}
