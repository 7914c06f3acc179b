"""A hall as a visitor should see it: simulated detector plots, three days of history, people, labels and heartbeats.

Made for screenshots and for tests of how pages look; the same seed gives the same hall, but for the time of day.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import create_engine, insert, select

from db_schema import tables
from hydra_core.domain import ModelRef, Plot, Tick
from hydra_core.store import SqlStore
from hydra_ml.simulate import RunConditions, draw, png, sample
from hydra_web.events import Beat
from support.wall import Shift, hot_spot
from support.web_server import Hall

PLOTS = {
    "CDC_occupancy": ("CDC occupancy", "CDC", "Look for a dark sector; check its HV board and call the CDC expert."),
    "fa125_itrig": ("fa125 trigger errors", "CDC", "Note the crate and slot; call the DAQ expert."),
    "FDC_occupancy": ("FDC occupancy", "FDC", "A missing wedge is an HV sector: see the FDC HV screen."),
    "FCAL_occupancy": ("FCAL occupancy", "FCAL", "A dark row or quadrant is a crate: check its power."),
    "CCAL_occupancy": ("CCAL occupancy", "FCAL", "Check the CCAL HV."),
    "BCAL_occupancy": ("BCAL occupancy", "BCAL", "A missing half is one end's electronics: check the BCAL crates."),
    "ST_occupancy": ("Start counter occupancy", "ST", "A missing paddle is its bias: see the ST screen."),
    "TOF_occupancy": ("TOF occupancy", "TOF", "A missing bar is its HV: see the TOF screen."),
    "RF_TOF_selftiming": ("RF self-timing", "RF", "Call the timing expert if the peak splits."),
    "Trigger-Bits": ("Trigger bits", "Trigger", "Compare with the run's trigger configuration."),
    "PS_occupancy": ("Pair spectrometer", "Beam", "Is the converter in? Call the beam-line expert."),
    "TAGGER_occupancy": ("Tagger occupancy", "Beam", "A gap is a microscope HV: see the tagger screen."),
}

HALL = """
deployment: hall-d
timezone: America/New_York
data_dir: data
epics: {prefix: "HYDRA:HALLD:"}
defaults:
  stale_after: 20m
  classes:
    Good: {severity: none, key: g, colour: "#0b6e4f"}
    Bad: {severity: major, key: b, colour: "#b00020"}
    NoData: {severity: minor, key: n, colour: "#b45309"}
plots:
""" + "".join(
    f'  {name}: {{title: "{title}", group: {group}, pv: {name.upper().replace("-", "_")[:20]}, '
    f'contact: {group.lower()}@example.org, guidance: "https://wiki.example.org/{group.lower()}", response: "{what}"'
    + (", classes: {NoData: null}" if name == "fa125_itrig" else "")
    + "}\n"
    for name, (title, group, what) in PLOTS.items()
)

EVERY = timedelta(minutes=15)
DAYS = 3
PICTURES = {"Good": 4, "Bad": 2, "NoData": 1}
PEOPLE = ("anna", "ben", "chloe")
SIZE = (480, 360)


@dataclass
class Showcase:
    """Fills a hall. `pictures[name][class]` are PNGs, `last[name]` the newest plot of each type."""

    hall: Hall
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    pictures: dict[str, dict[str, list[bytes]]] = field(default_factory=dict)
    last: dict[str, Plot] = field(default_factory=dict)
    _seen: dict[str, list[tuple[Plot, str]]] = field(default_factory=dict)

    def fill(self) -> "Showcase":
        """Draw, let three days pass, label, and tell how the IOC does."""
        self._draw()
        self._models()
        self._long_ago(self.hall.store)
        self._live_through()
        self._now()
        self._label()
        self.beat()
        self.hall.caught_up()
        self.hall.until(lambda: bool(self.hall.feed.around.known))
        return self

    def beat(self, **pvs: object) -> None:
        """Let the IOC tell of itself."""
        said = {
            "STATE": "RUNNING", "MSG": "ok", "RUN": self.hall.shift.run, "BEAM": 152.3, "GATE": "Open", "QUEUE": 0,
            "RATE": 0.4, "DROPPED": 3, "REJECTS": 1, "LATENCY": 0.21, "INFER": 8.1, "DB": "OK", "SPOOL": 0,
            "DISK": 61.0, "FEED": "OK", "MODELS": "OK", "INPUTS": "OK", "UPTIME": "3 days, 4:12:07", "VERSION": "0.1.0",
            "ALMPERHR": 2, "STANDING": 1, "SYS_CPU_LOAD": 11.0,
        } | pvs  # fmt: skip
        stages = {
            "wait": {"p50": 0.011, "p95": 0.052, "plots": 200}, "judge": {"p50": 0.031, "p95": 0.044, "plots": 200},
            "publish": {"p50": 0.006, "p95": 0.013, "plots": 200}, "total": {"p50": 0.052, "p95": 0.118, "plots": 200},
        }  # fmt: skip
        models = [
            {"plot_type": name, "model": f"{name} v3", "engine": "TensorFlow bfloat16", "trouble": ""} for name in PLOTS
        ]
        sources = [{"pattern": "Run{run:d}/{plot}_{chunk:d}.png", "trouble": "", "last": datetime.now(UTC).isoformat()}]
        detail = {"prefix": "HYDRA:HALLD:", "ready": True, "pvs": said}
        detail |= {"stages": stages, "models": models, "sources": sources}
        self._an_hour_of(said, stages)
        self.hall.store.heartbeat("ioc", "halldsrv1", 4711, "RUNNING", detail)

    def _an_hour_of(self, pvs: Mapping[str, Any], stages: Mapping[str, Mapping[str, float]]) -> None:
        """Let the web have heard the IOC for an hour, with numbers that wander."""
        now = datetime.now(UTC)
        for n in range(120):
            wander = float(np.exp(self.rng.normal(0, 0.15)))
            numbers = {"RATE": round(0.4 * wander, 2), "QUEUE": int(self.rng.integers(0, 3)), "DISK": 62 - n / 120}
            slow = {name: {"p50": one["p50"], "p95": one["p95"] * wander, "plots": 200} for name, one in stages.items()}
            at = now - timedelta(seconds=30 * (121 - n))
            self.hall.feed.beats.append(Beat(at, {**pvs, **numbers}, slow))

    def _draw(self) -> None:
        for name in PLOTS:
            kinds = [kind for kind in PICTURES if not (name == "fa125_itrig" and kind == "NoData")]
            self.pictures[name] = {kind: [self._picture(name, kind) for _ in range(PICTURES[kind])] for kind in kinds}

    def _models(self) -> None:
        """Enter the models that judge, each promoted."""
        store, figures = self.hall.store, {"accuracy": 0.985, "balanced_accuracy": 0.981, "ece": 0.012}
        for name in PLOTS:
            classes = self.hall.shift.types[name].class_names()
            ref, needed = ModelRef(name, 3, "ab" * 32), dict.fromkeys(classes, 0.9)
            store.add_model(name, ref, f"{name}/v3", classes, figures, needed, "chloe")
            store.promote(name, 3, "chloe")

    def _picture(self, name: str, kind: str) -> bytes:
        severity = None if kind == "Good" else 0.8
        run = RunConditions(int(self.rng.integers(120_300, 120_345)))
        return png(draw(sample(name, self.rng, run=run, label=kind, severity=severity), run.style(), SIZE))

    def _live_through(self) -> None:
        shift, start = self.hall.shift, datetime.now(UTC) - timedelta(days=DAYS)
        for step, moment in enumerate(_times(start)):
            shift.moment, shift.run = moment, 120300 + step // 10
            for name in PLOTS:
                self._plot(shift, name, self._class_at(name, step))
        shift.moment = None

    def _class_at(self, name: str, step: int) -> str:
        faults = {"CDC_occupancy": (40, 46), "TOF_occupancy": (110, 119), "FCAL_occupancy": (200, 204)}
        first, end = faults.get(name, (0, 0))
        if first <= step < end:
            return "Bad"
        return "NoData" if name == "PS_occupancy" and 150 <= step < 158 else "Good"

    def _plot(self, shift: Shift, name: str, kind: str, score: float | None = None) -> Plot:
        sure = score if score is not None else float(np.clip(1 - self.rng.exponential(0.015), 0.55, 0.9995))
        which = int(self.rng.integers(len(self.pictures[name][kind])))
        data = self.pictures[name][kind][which]
        centre, own = (
            np.random.default_rng(zlib.crc32(words.encode())).normal(0, 1, 48)
            for words in (f"{name} {kind}", f"{name} {kind} {which}")
        )
        vector = (centre + 0.4 * own + self.rng.normal(0, 0.25, 48)).astype(np.float32)
        cam = hot_spot(*self.rng.uniform(0.25, 0.75, 2)) if kind != "Good" else hot_spot(0.5, 0.5)
        plot = shift.judge(name, kind, sure, data, cam, vector, float(self.rng.uniform(0, 0.6)))
        self.last[name] = plot
        self._seen.setdefault(name, []).append((plot, kind))
        return plot

    def _now(self) -> None:
        """Let everything there is be seen at once: bad, warn, suspect, stale, unreadable, acknowledged, muted, over."""
        shift = self.hall.shift
        shift.run = 120345
        for name in PLOTS:
            for _ in range(2):
                self._plot(shift, name, "Good")
        for _ in range(2):
            self._plot(shift, "CDC_occupancy", "Bad", 0.9931)
            self._plot(shift, "PS_occupancy", "NoData", 0.985)
        self._plot(shift, "BCAL_occupancy", "Good", 0.81)
        shift.fail("TAGGER_occupancy", data=self.pictures["TAGGER_occupancy"]["Good"][0][:9_000])
        shift.tick("RF_TOF_selftiming", Tick(gate_open=False, why="beam 0.0 is not above 5.0"))
        open_now = next(row for row in self.hall.store.wall() if row.plot_type == "PS_occupancy").episode
        if open_now:
            self.hall.store.acknowledge(open_now, "ben")

    def _label(self) -> None:
        for turn, person in enumerate(PEOPLE):
            for name in list(PLOTS)[: 4 + 3 * turn]:
                plots = self._seen[name][turn * 10 : turn * 10 + 60 : 2]
                wrong = self.rng.random(len(plots)) < 0.04
                votes = {plot.uid: "Bad" if slip else kind for (plot, kind), slip in zip(plots, wrong, strict=True)}
                self.hall.store.save_votes(name, person, votes)

    def _long_ago(self, store: SqlStore) -> None:
        """Put a year of arrivals behind it, for the calendar."""
        engine = create_engine(store.where)
        with engine.begin() as connection:
            values = {"sha256": "0" * 64, "media_type": "image/png", "width": 1, "height": 1, "bytes": 1}
            connection.execute(insert(tables.image).values(stored_at=datetime.now(UTC), **values))
            picture = connection.scalar(select(tables.image.c.id).limit(1))
            today = datetime.now(UTC)
            for day in range(DAYS + 1, 360):
                week = day // 7
                if week % 9 in (0, 1, 2) or self.rng.random() < 0.05:
                    continue
                rows = [
                    {
                        "uid": f"{day:08x}{n:024x}", "plot_type_id": len(PLOTS), "image_id": picture,
                        "run": 119000 - day, "chunk": n, "taken_at": today - timedelta(days=day, minutes=4 * n),
                        "received_at": today - timedelta(days=day, minutes=4 * n), "source": "earlier",
                    }
                    for n in range(int(self.rng.integers(20, 300)))
                ]  # fmt: skip
                connection.execute(insert(tables.plot), rows)
        engine.dispose()


def _times(start: datetime) -> Iterator[datetime]:
    moment, end = start, datetime.now(UTC) - timedelta(minutes=12)
    while moment < end:
        yield moment
        moment += EVERY
