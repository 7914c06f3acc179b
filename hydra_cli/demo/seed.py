"""What every showing of the demo begins with: labelled plots and trained models, made once and kept."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from hydra_cli.demo.processes import DemoError

EDITION = 5
"""To be raised when the generator or the training changes, so that kept models are made anew."""


def prepared_seed(fresh: bool) -> Path:
    """Return the directory with database, pictures and models; train them if there are none. Raises DemoError."""
    seed = _cache() / "hydra" / f"demo-{version('hydra-monitoring')}-{EDITION}"
    if fresh:
        shutil.rmtree(seed, ignore_errors=True)
    if not seed.exists():
        unfinished = seed.with_name(seed.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _train_into(unfinished)
        unfinished.rename(seed)
    return seed


def start_from(seed: Path, data: Path) -> None:
    """Make a hall's data directory from the seed; pictures and models never change, so links do for them."""
    shutil.copytree(seed / "data", data, copy_function=_link_or_copy)


def _train_into(seed: Path) -> None:
    # A process of its own, so that the demo does not keep TensorFlow's memory while it only watches.
    command = [sys.executable, "-m", "hydra_cli.demo.training", str(seed)]
    if subprocess.run(command, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}, check=False).returncode != 0:
        raise DemoError("the demo's models could not be trained; what went wrong is said above")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _link_or_copy(source: str, target: str) -> None:
    if Path(source).suffix in {".sqlite3", ".json"}:
        shutil.copy2(source, target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
