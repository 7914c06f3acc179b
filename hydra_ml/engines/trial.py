"""The trial that an engine must pass before it judges for a model: the model's golden pictures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hydra_ml.engines.port import Engine, Maps
from hydra_ml.golden import Golden, thresholds_of
from hydra_ml.head import Floats, Head
from hydra_ml.novelty import Novelty, views_of

if TYPE_CHECKING:
    import keras

    from hydra_ml.card import Card

TOLERANCE = 1e-3
"""Largest difference of a score in float32; more is no rounding."""
SYNTHETIC = 4


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What an engine must say, for one model: `golden` with the head and novelty that turn maps into it.

    `proves_verdicts` is False when the golden pictures are made up, which shows equal arithmetic but no verdicts.
    """

    model: str
    golden: Golden
    head: Head
    novelty: Novelty | None
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    proves_verdicts: bool = True

    @classmethod
    def of(
        cls, card: "Card", body: "keras.Model", head: Head, novelty: Novelty | None, golden: Golden | None
    ) -> "Trial":
        """Return a model's trial; for a bundle without golden pictures, noise that its own Keras graph has judged."""
        thresholds = tuple(thresholds_of(card.classes, card.thresholds))
        if golden is None:
            made_up = _made_up(body, head)
            return cls(str(card.ref()), made_up, head, None, card.classes, thresholds, proves_verdicts=False)
        return cls(str(card.ref()), golden, head, novelty, card.classes, thresholds)

    def objection(self, engine: Engine, exact: bool) -> str:
        """Say what speaks against an engine, "" if nothing does; `exact` ones must give the very scores."""
        scores, novelty = self._said(engine)
        if exact and (difference := self.golden.difference(scores)) > TOLERANCE:
            return f"scores of the golden pictures differ by {difference:.4f}"
        return self.golden.disagreement(scores, novelty, self.thresholds) if self.proves_verdicts else ""

    def _said(self, engine: Engine) -> tuple[Floats, Floats]:
        maps = engine(self.golden.pictures)
        scores, _, embeddings = self.head(maps)
        if self.novelty is None:
            return scores, self.golden.novelty
        said = [self.classes[top] for top in scores.argmax(axis=1)]
        return scores, self.novelty.judge(said, views_of(self.golden.pictures, maps), embeddings)[0]


def _made_up(body: "keras.Model", head: Head) -> Golden:
    """Return smooth noise with the scores that the body gives as Keras runs it."""
    import tensorflow as tf

    from hydra_ml.preprocess import prepare

    side = body.input_shape[1]
    noise = np.random.default_rng(0).integers(0, 256, (SYNTHETIC, 24, 24, 3), np.uint8)
    pictures = np.stack([prepare(each, (side, side)) for each in noise])
    outputs = tf.function(lambda x: body(x, training=False))(tf.cast(pictures, tf.float32))
    maps = Maps(*(o.numpy() for o in (outputs if isinstance(outputs, list | tuple) else [outputs])))
    return Golden(pictures, head(maps)[0], np.zeros(SYNTHETIC, np.float32))
