"""The demo's hall: its configuration as a YAML file, the same kind that a real hall writes."""

from pathlib import Path

import yaml

PLOTS = {
    "CDC_occupancy": ("Central drift chamber", "CDC", "CDC_OCC"),
    "FCAL_occupancy": ("Forward calorimeter", "FCAL", "FCAL_OCC"),
    "BCAL_occupancy": ("Barrel calorimeter", "BCAL", "BCAL_OCC"),
    "ST_occupancy": ("Start counter", "ST", "ST_OCC"),
    "TOF_occupancy": ("Time of flight", "TOF", "TOF_OCC"),
    "RF_TOF_selftiming": ("RF self-timing", "RF", "RF_SELF"),
    "Trigger-Bits": ("Trigger bits", "Trigger", "TRIG_BITS"),
    "fa125_itrig": ("Flash ADC trigger errors", "DAQ", "FA125_ITRIG"),
}
RESPONSE = "Compare with the reference plot; if it stays BAD for five minutes, call the detector expert."


def write_hall(path: Path, data: Path, incoming: Path, prefix: str, port: int, web_port: int) -> Path:
    """Write the demo hall's YAML to `path` and return it."""
    hall = {
        "deployment": "demo",
        "timezone": "UTC",
        "data_dir": str(data),
        "epics": {"prefix": prefix, "interfaces": ["127.0.0.1"], "port": port},
        "models": {"path": str(data / "models"), "threads": 1},
        "defaults": {
            "threshold": {"Good": 0.6, "Bad": 0.7, "NoData": 0.8},
            "confirm": {"bad": "2 of 3", "clear": "2 of 2"},
            "stale_after": "60s",
            "classes": {
                "Good": {"severity": "none", "key": "g"},
                "Bad": {"severity": "major", "key": "b"},
                "NoData": {"severity": "minor", "key": "n"},
            },
        },
        "sources": [{"kind": "directory", "path": str(incoming), "pattern": "Run{run:d}/{plot}_{chunk:d}.png"}],
        "plots": {name: _plot(name, *about) for name, about in PLOTS.items()},
        "web": {"host": "127.0.0.1", "port": web_port, "base_url": f"http://127.0.0.1:{web_port}"},
    }
    path.write_text(yaml.safe_dump(hall, sort_keys=False))
    return path


def _plot(name: str, title: str, group: str, pv: str) -> dict[str, object]:
    entry: dict[str, object] = {"title": title, "group": group, "pv": pv, "response": RESPONSE}
    if name == "fa125_itrig":
        # An empty picture is how this plot looks when all is well, so there is no class for "no data".
        entry["classes"] = {"NoData": None}
        entry["threshold"] = {"Good": 0.6, "Bad": 0.7}
    return entry
