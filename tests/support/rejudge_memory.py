"""Judge so many plots of a database again, and print the resident memory (MB) after a fifth of them and at the end.

    python -m support.rejudge_memory DATABASE_URL ARCHIVE BUNDLE PLOT_TYPE [leak]

With `leak` every answer is kept, as a control that growth would be seen.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from hydra_core.images import Limits
from hydra_core.store import open_store
from hydra_ml.bundle import verify
from hydra_ml.progress import LogProgress
from hydra_ml.scale.pictures import PictureJudge
from hydra_ml.scale.rejudge import judge_again
from hydra_ml.scale.workers import ThisProcess


class Watched(ThisProcess):
    """This process, which notes its memory after every task."""

    def __init__(self, leak: bool) -> None:
        self.resident: list[float] = []
        self._kept: list[object] | None = [] if leak else None

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        for result in super().run(job, tasks):
            if self._kept is not None:
                self._kept.append([bytearray(10_000) for _ in result])
            self.resident.append(psutil.Process().memory_info().rss / 1e6)
            yield result


def main(url: str, archive: Path, bundle: Path, kind: str, leak: bool) -> None:
    """Judge all plots of the type."""
    store, watched = open_store(url), Watched(leak)
    judge = PictureJudge(bundle, archive, Limits())
    judged = judge_again(verify(bundle).ref(), store.stored_plots(kind), judge, watched, store, LogProgress())
    store.close()
    fifth = len(watched.resident) // 5
    print(json.dumps({"judged": judged.now, "early": watched.resident[fifth], "end": watched.resident[-1]}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], "leak" in sys.argv[5:])
