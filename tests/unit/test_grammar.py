"""File names: the original's grammar, and names that should never have been."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_core.errors import ConfigError
from hydra_core.sources import NamePattern, ParsedName, arrival_uid
from hydra_core.sources.grammar import is_ignored, looks_like_picture

FLAT = NamePattern("{plot}_{chunk:d}.png")
RUNS = NamePattern("Run{run:d}/{plot}_{chunk:d}.png")
DEEP = NamePattern("**/Run{run:d}/{plot}_{chunk:d}.png")


@pytest.mark.parametrize(
    ("path", "plot", "chunk"),
    [
        ("CDC_occupancy_0001.png", "CDC_occupancy", 1),
        ("RF_TOF_selftiming_0123.png", "RF_TOF_selftiming", 123),
        ("RF_TPOL_occupancy-02_0007.png", "RF_TPOL_occupancy", 7),
        ("RF_TPOL_occupancy-RF_0007.png", "RF_TPOL_occupancy-RF", 7),
        ("Kinematics-PSEnergy_0001.png", "Kinematics-PSEnergy", 1),
        ("Trigger-Bits_9999.png", "Trigger-Bits", 9999),
        ("Trigger_Energy-EnergyCorrelation_10000.png", "Trigger_Energy-EnergyCorrelation", 10000),
        ("TAGM_Column27-02_0001.png", "TAGM_Column27", 1),
        ("TAGM_ColumnsAll4_0001.png", "TAGM_ColumnsAll4", 1),
        ("fa125_itrig_0001.PNG", "fa125_itrig", 1),
        ("fa125_itrig_0001.Jpeg", "fa125_itrig", 1),
        ("fa125_itrig_0001.jpg", "fa125_itrig", 1),
        ("-dash_0001.png", "-dash", 1),
        ("A_1_2.png", "A_1", 2),
    ],
)
def test_the_feeders_names(path: str, plot: str, chunk: int) -> None:
    assert FLAT.match(path) == ParsedName(plot, 0, chunk)


def test_pad_number_stays_if_a_plot_type_has_it() -> None:
    known = {"RF_TPOL_occupancy-02", "CDC_occupancy"}
    assert FLAT.match("RF_TPOL_occupancy-02_0001.png", known) == ParsedName("RF_TPOL_occupancy-02", 0, 1)
    assert FLAT.match("RF_TPOL_occupancy-03_0001.png", known) == ParsedName("RF_TPOL_occupancy", 0, 1)
    assert FLAT.match("CDC_occupancy-01_0001.png", known) == ParsedName("CDC_occupancy", 0, 1)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (RUNS, "Run001234/CDC_0001.png", ParsedName("CDC", 1234, 1)),
        (RUNS, "Run2147483647/CDC_0001.png", ParsedName("CDC", 2147483647, 1)),
        (RUNS, "Run2147483648/CDC_0001.png", None),
        (RUNS, "Run1/Run2/CDC_0001.png", None),
        (RUNS, "Run/CDC_0001.png", None),
        (RUNS, "run1/CDC_0001.png", None),
        (RUNS, "Run-1/CDC_0001.png", None),
        (DEEP, "Run7/CDC_0001.png", ParsedName("CDC", 7, 1)),
        (DEEP, "RunPeriod-2026-01/Run120001/Trigger-Bits_0003.png", ParsedName("Trigger-Bits", 120001, 3)),
        (DEEP, "a/b/Run9/CDC_0001.png", ParsedName("CDC", 9, 1)),
        (NamePattern("{period}/Run{run:d}/{plot}.png"), "RunPeriod-2026-01/Run5/CDC.png", ParsedName("CDC", 5, 0)),
        (NamePattern("{plot}-{pad}_{chunk:d}.png"), "RF-TPOL_0001.png", ParsedName("RF-TPOL", 0, 1)),
        (NamePattern("{plot}-{pad}_{chunk:d}.png"), "RF_x-02_0001.png", ParsedName("RF_x", 0, 1)),
        (NamePattern("{plot}-{pad}_{chunk:d}.png"), "RF_0001.png", None),
        (NamePattern("*/{plot}_{chunk:d}.jpg"), "any thing/CDC_0001.png", ParsedName("CDC", 0, 1)),
        (NamePattern("R.n{run:d}_{plot}.png"), "R.n5_CDC.png", ParsedName("CDC", 5, 0)),
        (NamePattern("R.n{run:d}_{plot}.png"), "Run5_CDC.png", None),
        (NamePattern("{plot}"), "CDC.png", ParsedName("CDC", 0, 0)),
        (NamePattern("{plot}"), "CDC.txt", None),
    ],
)
def test_patterns(pattern: NamePattern, path: str, expected: ParsedName | None) -> None:
    assert pattern.match(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".png",
        "_0001.png",
        "CDC.png",
        "CDC_.png",
        "CDC_0001",
        "CDC_0001.gif",
        "CDC_0001.png.exe",
        "CDC_0001.png\n",
        "CDC\n_0001.png",
        "CDC\0_0001.png",
        "CDC\t_0001.png",
        "CDC\x1b[31m_0001.png",
        "CDC\u202egnp_0001.png",
        "CDC\udcff_0001.png",
        "CDC_٣.png",
        "CDC_-1.png",
        "CDC_99999999999999999999999.png",
        "../CDC_0001.png",
        "/CDC_0001.png",
        "x/CDC_0001.png",
    ],
)
def test_names_that_never_match(path: str) -> None:
    assert FLAT.match(path) is None


@pytest.mark.parametrize("path", ["../Run1/CDC_0001.png", "a/../Run1/CDC_0001.png", "a/Run1/../Run1/CDC_0001.png"])
def test_no_pattern_climbs_out(path: str) -> None:
    assert DEEP.match(path) is None


@pytest.mark.parametrize("pattern", ["x.png", "{run:d}.png", "{plto}_{chunk:d}.png", "{plot}{plot}.png", "{plot_1.png"])
def test_bad_patterns(pattern: str) -> None:
    with pytest.raises(ConfigError, match="pattern"):
        NamePattern(pattern)


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("tmp_canvas_123.png", True),
        (".CDC_0001.png", True),
        (".CDC_0001.png.Xy12", True),
        ("CDC_0001.png.tmp", True),
        ("CDC_0001.png.part", True),
        ("CDC_0001.PNG.PART", True),
        ("CDC_0001.png~", True),
        ("CDC_0001.png", False),
        ("Run1", False),
    ],
)
def test_unfinished_business_is_ignored(name: str, ignored: bool) -> None:
    assert is_ignored(name) is ignored


def test_depth_says_how_far_to_look() -> None:
    assert (FLAT.depth, RUNS.depth, DEEP.depth) == (0, 1, None)


@given(st.text(max_size=80))
def test_any_text_gives_an_answer(path: str) -> None:
    name = DEEP.match(path)
    assert name is None or (name.plot and looks_like_picture(path))


@given(
    plot=st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,30}", fullmatch=True),
    run=st.integers(0, 2**31 - 1),
    chunk=st.integers(0, 2**31 - 1),
)
def test_what_the_feeder_writes_is_read_back(plot: str, run: int, chunk: int) -> None:
    assert RUNS.match(f"Run{run:06d}/{plot}_{chunk:04d}.png") == ParsedName(plot, run, chunk)


def test_uid_depends_on_everything_and_on_nothing_else() -> None:
    now = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    base = arrival_uid("CDC", "Run1/CDC_0001.png", now, "ab" * 32)
    others = {
        arrival_uid("FDC", "Run1/CDC_0001.png", now, "ab" * 32),
        arrival_uid("CDC", "Run2/CDC_0001.png", now, "ab" * 32),
        arrival_uid("CDC", "Run1/CDC_0001.png", now + timedelta(microseconds=1), "ab" * 32),
        arrival_uid("CDC", "Run1/CDC_0001.png", now, "ac" * 32),
        arrival_uid("CDCRun1/", "CDC_0001.png", now, "ab" * 32),
    }
    assert len(base) == 32
    assert int(base, 16) >= 0
    assert len(others | {base}) == 6
    elsewhere = now.astimezone(timezone(timedelta(hours=-5)))
    assert arrival_uid("CDC", "Run1/CDC_0001.png", elsewhere, "ab" * 32) == base
