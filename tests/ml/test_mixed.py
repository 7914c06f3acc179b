"""Plots of several types in one pass: each gets what its own model would have said of it alone."""

import numpy as np
import pytest
from support import bundles

from hydra_core.errors import PredictionError
from hydra_ml.classifier import TensorFlowClassifier, predict_mixed
from hydra_ml.engines.port import Maps, Pictures
from hydra_ml.engines.shelf import Shelf


class Counted:
    """An engine that remembers how many plots each pass had."""

    def __init__(self, classifier: TensorFlowClassifier) -> None:
        self.passes: list[int] = []
        self._engine = classifier.engine
        self.name = self._engine.name

    def __call__(self, pictures: Pictures) -> Maps:
        self.passes.append(len(pictures))
        return self._engine(pictures)


def make(name: str, seed: int, shelf: Shelf, crop: tuple[float, float, float, float]) -> TensorFlowClassifier:
    """One body for equal seeds, a head of its own for every name."""
    about = bundles.card(name, crop=crop)
    model = bundles.network(about, seed)
    kernel, bias = model.layers[-1].get_weights()
    kernel = np.random.default_rng(len(name)).normal(0, 4, kernel.shape)
    model.layers[-1].set_weights([kernel, bias])
    return TensorFlowClassifier.of(about, model, shelf)


@pytest.fixture(scope="module")
def classifiers() -> list[TensorFlowClassifier]:
    shelf = Shelf("float32")
    whole, cut = (0.0, 0.0, 0.0, 0.0), (0.1, 0.2, 0.0, 0.1)
    made = [make("A", 1, shelf, whole), make("BB", 1, shelf, cut), make("CCC", 2, shelf, whole)]
    assert made[0].engine is made[1].engine is not made[2].engine
    return made


def test_everybody_gets_his_own_models_answer_in_his_place(classifiers: list[TensorFlowClassifier]) -> None:
    a, b, c = classifiers
    seen = bundles.pictures(11, 96, seed=3)
    wanted = [
        (each, bundles.plot(i, each.ref.plot_type), seen[i]) for i, each in enumerate([a, b, c, b, a, a, c, b, b, a, b])
    ]
    together = predict_mixed(wanted)
    for (classifier, plot, rgb), found in zip(wanted, together, strict=True):
        (alone,) = classifier.predict([(plot, rgb)])
        assert found.plot == plot and found.model == classifier.ref == alone.model
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-5)
        assert found.cam is not None and alone.cam is not None and found.cam.shape == alone.cam.shape
        assert np.abs(found.cam.astype(int) - alone.cam).max() <= 1
        np.testing.assert_allclose(found.embedding, alone.embedding, atol=1e-4)
    assert len({found.scores for found in together}) == len(together)


def test_a_shared_body_runs_once_for_all_who_share_it(classifiers: list[TensorFlowClassifier]) -> None:
    a, b, c = classifiers
    shared, own = Counted(a), Counted(c)
    made = [TensorFlowClassifier(each.card, each.head, shared) for each in (a, b)]
    made.append(TensorFlowClassifier(c.card, c.head, own))
    seen = bundles.pictures(6, 96)
    predict_mixed([(made[i % 3], bundles.plot(i), seen[i]) for i in range(6)])
    assert shared.passes == [4] and own.passes == [2]
    predict_mixed([(made[i % 2], bundles.plot(i), seen[0]) for i in range(11)])
    assert shared.passes == [4, 8, 3]


def test_one_that_is_no_picture_is_an_error_for_the_whole_pass(classifiers: list[TensorFlowClassifier]) -> None:
    a, b, _ = classifiers
    good = bundles.pictures(1, 96)[0]
    with pytest.raises(PredictionError, match="BB v1: cannot judge"):
        predict_mixed([(a, bundles.plot(0), good), (b, bundles.plot(1, "BB"), good[:, :, 0])])


def test_nothing_to_judge_is_nothing() -> None:
    assert predict_mixed([]) == []
