"""The whole way with real plots: import with labels, train, promote, judge live, read through libca, look at the wall.

The plots are those of `../shared/data/gravityspy_mini` (LIGO glitches labelled by people).
"""

import csv
import json
import subprocess
import sys
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.ca import CaClient, eventually
from support.hall import PATIENCE, Hall, IocProcess, quiet
from support.screen import Screen

from hydra_core.domain import Status

DATA = Path(__file__).parents[4] / "shared" / "data" / "gravityspy_mini"
PLOT, PV = "Spectrogram", "SPECTRO"
CLASSES = {
    "Blip": {"severity": "none", "key": "b"},
    "Whistle": {"severity": "major", "key": "w"},
    "Scratchy": {"severity": "minor", "key": "s"},
}
CHANCE = 1 / len(CLASSES)
TITLE_CUT = "0,0.12,0,0"
"""The title names the observatory, and all Whistles are from one: a model must not read it."""


@pytest.fixture
def spectrograms(tmp_path: Path) -> Hall:
    assert DATA.is_dir(), f"{DATA} is missing: this test needs the real plots that lie beside the repository"
    return Hall(
        tmp_path / "hall",
        plots={PLOT: {"pv": PV, "response": "Call the expert."}},
        defaults={"threshold": 0.5, "classes": CLASSES},
    )


@contextmanager
def web(hall: Hall) -> Iterator[str]:
    """Run `hydra web run` and yield its address once it answers."""
    command = [sys.executable, "-m", "hydra_cli.main", "web", "run", "-c", str(hall.yaml)]
    with (hall.folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=quiet())
    try:
        url = f"http://127.0.0.1:{hall.web_port}"
        assert eventually(lambda: answers(f"{url}/readyz"), PATIENCE), (hall.folder / "web.log").read_text()
        yield url
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def rows(split: str) -> list[dict[str, str]]:
    with (DATA / "labels.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == split]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_real_plots_all_the_way(
    spectrograms: Hall,
    start: Callable[..., IocProcess],
    client: Callable[[Hall], CaClient],
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hall = spectrograms
    imported = hall.hydra("import", str(DATA), "--labels", str(DATA / "labels.csv"), "--plot", PLOT, "--json")
    assert json.loads(imported.stdout)["imported"] == 118
    hall.hydra("train", PLOT, "--crop", TITLE_CUT)
    hall.hydra("model", "promote", f"{PLOT}:1")
    ioc = start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    right: dict[str, list[bool]] = defaultdict(list)
    with web(hall) as url:
        for row in rows("test"):
            screen.judged(PLOT, (DATA / row["filename"]).read_bytes())
            said = screen.label(PLOT, "CLASS")
            right[row["label"]].append(said == row["label"])
            assert CHANCE <= screen.value(PLOT, "CONF") <= 1
            assert screen.status(PLOT).status in (Status.GOOD, Status.SUSPECT, Status.WARN, Status.BAD)
            on_the_wall_as_in_the_pvs(url, screen)
    balanced = sum(sum(hits) / len(hits) for hits in right.values()) / len(right)
    record_property("balanced_accuracy", round(balanced, 3))
    with capsys.disabled():
        print(f"\ngravityspy_mini live: balanced accuracy {balanced:.3f} on {sum(map(len, right.values()))} test plots")
    assert set(right) == set(CLASSES)
    assert balanced > 0.5
    every_plot_once(hall, sum(map(len, right.values())))
    assert "Traceback" not in ioc.text()


def on_the_wall_as_in_the_pvs(url: str, screen: Screen) -> None:
    chunk = screen.value(PLOT, "CHUNK")
    wanted = {
        "pv": screen.hall.pv(PLOT, "STATUS").removesuffix(":STATUS"),
        "status": screen.status(PLOT).status.name,
        "class": screen.label(PLOT, "CLASS"),
        "model": screen.text(PLOT, "MODEL"),
    }

    def shown() -> dict[str, Any] | None:
        with urllib.request.urlopen(f"{url}/api/v1/status", timeout=10) as response:
            row: dict[str, Any] = json.load(response)[0]
        return row if row["chunk"] == chunk else None

    row = eventually(shown, PATIENCE)
    assert row, f"the wall does not show chunk {chunk}"
    assert {key: row[key] for key in wanted} == wanted
    assert row["confidence"] == pytest.approx(screen.value(PLOT, "CONF"), abs=1e-3)


def every_plot_once(hall: Hall, count: int) -> None:
    engine = create_engine(hall.config.database_url())
    query = """select p.source, count(i.id) from plot p left join inference i on i.plot_id = p.id
               where p.source like 'Run%' group by p.id"""
    with engine.connect() as connection:
        found = connection.execute(text(query)).all()
    engine.dispose()
    assert len(found) == len({source for source, _ in found}) == count
    assert {judged for _, judged in found} == {1}
