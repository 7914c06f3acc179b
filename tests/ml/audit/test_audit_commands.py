"""`hydra audit` as people type it, on a hall with a planted wrong label and a planted copy."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from support.judged import feed
from support.lab import Lab
from typer.testing import CliRunner, Result

from hydra_cli.main import build
from hydra_core.domain import ModelRecord, Plot, Prediction
from hydra_core.errors import UsageError
from hydra_core.ports import RGB

Hydra = Callable[..., Result]
Recent = tuple[list[tuple[bytes, int]], datetime]

HALL = """
deployment: hall-t
data_dir: {home}
models: {{path: {home}/models}}
archive: {{path: {home}/images}}
database: {{url: "sqlite:///{home}/hydra.sqlite3"}}
epics: {{prefix: "T:"}}
plots:
  CDC_occupancy:
    pv: CDC_OCC
    response: call the expert
    classes:
      Good: {{severity: none, key: g}}
      Bad: {{severity: major, key: b}}
      NoData: {{severity: minor, key: n}}
  ST_occupancy:
    pv: ST_OCC
    response: call
    classes: {{Good: {{severity: none, key: g}}, Bad: {{severity: major, key: b}}}}
"""


@pytest.fixture
def hydra(lab: Lab, tmp_path: Path) -> Hydra:
    (tmp_path / "hall.yaml").write_text(HALL.format(home=tmp_path))

    def run(*words: str) -> Result:
        return CliRunner().invoke(build(), [*words, "-c", str(tmp_path / "hall.yaml")], catch_exceptions=False)

    return run


def mislabel(lab: Lab, source: str, label: str) -> str:
    (plot,) = (p for p in lab.store.labelled(lab.plot_type.name) if p.plot.source == source)
    lab.store.add_labels([replace(plot, class_name=label)], {}, "test", "a slip")
    return plot.plot.uid


def test_a_planted_wrong_label_is_listed_and_queued_once(lab: Lab, hydra: Hydra) -> None:
    uid = mislabel(lab, "NoData_3", "Good")
    found = json.loads(hydra("audit", "labels", "CDC_occupancy", "--json", "--queue").stdout)
    first = found["errors"][0]
    assert (first["uid"], first["label"], first["suggested"]) == (uid, "Good", "NoData") and first["score"] > 0.5
    assert found["queued"] == len(found["errors"]) and found["judged"] == 72
    again = hydra("audit", "labels", "CDC_occupancy", "--queue").stdout
    assert "labels are likely wrong" in again and "NoData_3" in again and "\n0 new in the review queue" in again
    assert lab.store.open_reviews("CDC_occupancy", "label_error")[0].plot.uid == uid


def test_copies_with_different_labels_are_listed(lab: Lab, hydra: Hydra) -> None:
    mislabel(lab, "NoData_3", "Good")
    text = hydra("audit", "duplicates", "CDC_occupancy").stdout
    assert "72 plots in the database" in text and "Good: 25 labels on" in text
    assert "1 with different labels" in text and "labels Good, NoData" in text
    (wrong,) = (
        s
        for s in json.loads(hydra("audit", "duplicates", "CDC_occupancy", "--json").stdout)["sets"]
        if s["contradicts"]
    )
    assert {"Good", "NoData"} == {p["label"] for p in wrong["plots"]}


def test_drift_of_all_plot_types_names_those_that_cannot_be_told(lab: Lab, hydra: Hydra, recent: Recent) -> None:
    record = lab.store.active_model("CDC_occupancy")
    assert isinstance(record, ModelRecord)

    def say(plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        return [Prediction(p, record.ref, record.classes, (0.98, 0.01, 0.01)) for p, _ in plots]

    feed(lab.store, lab.archive, lab.plot_type, say, *recent)
    found = {f["plot"]: f for f in json.loads(hydra("audit", "drift", "--json", "--queue", "--most", "4").stdout)}
    assert found["ST_occupancy"]["verdict"] == "too little to tell"
    assert "no active model" in found["ST_occupancy"]["notes"][0] and found["ST_occupancy"]["queued"] == 0
    told = found["CDC_occupancy"]
    assert told["verdict"] in ("no drift", "watch") and told["plots"] == 24
    assert told["queued"] == len(told["label_first"]) > 0
    text = hydra("audit", "drift", "CDC_occupancy", "--days", "2").stdout
    assert text.startswith("CDC_occupancy (CDC_occupancy v1): ") and "looks of Good" in text


def test_an_unknown_plot_type_is_named(hydra: Hydra) -> None:
    with pytest.raises(UsageError, match="unknown plot type 'CDC'"):
        hydra("audit", "labels", "CDC")
