"""What a new model takes for something else than its label says waits for an expert."""

import json
from collections.abc import Callable

from support.lab import Lab

from hydra_core.store.review import MISCLASSIFIED


def test_a_wrong_label_among_the_test_plots_is_queued(new_lab: Callable[..., Lab]) -> None:
    lab = new_lab()
    lab.label({"Good": 24, "Bad": 24, "NoData": 24}, runs=8)
    first = lab.train(epochs=14)
    assert lab.store.open_reviews(kind=MISCLASSIFIED) == []
    sides = json.loads((lab.models / first.path / "dataset.json").read_text())
    good = [one for one in lab.store.labelled("CDC_occupancy") if one.class_name == "Good"]
    frozen = next(one for one in good if sides[one.plot.uid] == "test")
    lab.store.save_votes("CDC_occupancy", "ann", {frozen.plot.uid: "NoData"})
    second = lab.train(epochs=14)
    (row,) = lab.store.review_page("CDC_occupancy", MISCLASSIFIED, None).rows
    assert (row.plot.uid, row.label, row.model) == (frozen.plot.uid, "NoData", str(second.ref))
    assert row.score > 0.5
