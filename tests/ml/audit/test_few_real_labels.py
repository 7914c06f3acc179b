"""Three and seven classes of real plots, some with two to eight examples: training works, and says what it lacks.

The plots are those of `../shared/data/gravityspy_mini` (LIGO glitches labelled by people).
"""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.lab import Lab, Watcher, make_plot_type

from hydra_core import images
from hydra_core.domain import Image, LabelledPlot, Plot
from hydra_ml.audit.duplicates import audit_duplicates
from hydra_ml.audit.features import LightFeatures
from hydra_ml.audit.labels import audit_labels
from hydra_ml.bundle import verify

DATA = Path(__file__).parents[4] / "shared" / "data" / "gravityspy_mini"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def rows(most: int) -> list[dict[str, str]]:
    """Return at most so many rows of each label and detector. Fails where the data are missing."""
    assert (DATA / "labels.csv").is_file(), f"{DATA} is missing: this test needs the real plots"
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for row in csv.DictReader((DATA / "labels.csv").open(newline="")):
        kind = (row["label"], row["detector"])
        taken[kind] += 1
        if taken[kind] <= most:
            chosen.append(row)
    return chosen


def seven(row: dict[str, str], number: int) -> str:
    """Return one of seven classes: glitch and detector, and two more of two and four Whistles."""
    if row["label"] == "Whistle":
        return "WhistleA" if number < 2 else "WhistleB" if number < 6 else "WhistleC"
    return row["label"] + row["detector"][0]


def teach(lab: Lab, most: int, name: Callable[[dict[str, str], int], str]) -> dict[str, int]:
    plots, pictures = [], {}
    seen: Counter[str] = Counter()
    for index, row in enumerate(rows(most)):
        data = (DATA / row["filename"]).read_bytes()
        picture: Image = images.describe(data, images.decode(data))
        pictures[lab.archive.put(data)] = picture
        plot = Plot(f"{index:032x}", lab.plot_type.name, 0, index, NOW, NOW, row["filename"], picture.sha256)
        plots.append(LabelledPlot(plot, name(row, seen[row["label"]])))
        seen[row["label"]] += 1
    lab.store.add_labels(plots, pictures, "test", "test")
    return dict(Counter(p.class_name for p in plots))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("classes", [3, 7])
def test_few_examples_of_some_classes_work_and_warn(
    new_lab: Callable[..., Lab], backbone: LightFeatures, classes: int
) -> None:
    names = {
        3: ("Blip", "Whistle", "Scratchy"),
        7: ("BlipH", "BlipL", "ScratchyH", "ScratchyL", "WhistleA", "WhistleB", "WhistleC"),
    }[classes]
    lab = new_lab(plot_type=make_plot_type(classes=names))
    have = teach(lab, 16, seven if classes == 7 else lambda row, _: row["label"])
    few = {c: n for c, n in have.items() if n < 20}
    assert set(have) == set(names) and len(few) >= (1 if classes == 3 else 4)
    watcher = Watcher()
    record = lab.train(watcher, architecture="light", input_size=None, epochs=0, threads=1)
    (lack,) = (w for w in watcher.warnings if w.startswith("too few labels to trust"))
    assert all(f"{c}: {n}" in lack and f"{30 - n} of {c}" in lack for c, n in few.items()), lack
    assert verify(lab.models / record.path).warnings == tuple(watcher.warnings)
    labelled = lab.store.labelled(lab.plot_type.name)
    hashes = lab.store.stored_hashes(lab.plot_type.name)
    found = audit_labels(labelled, lab.plot_type, lab.archive, hashes, backbone)
    assert found.judged == len(labelled) - sum(n for n in have.values() if n < 2)
    assert any("few labels of" in w for w in found.warnings)
    assert audit_duplicates(labelled, lab.archive, hashes).folded == {c: (n, n) for c, n in have.items()}
