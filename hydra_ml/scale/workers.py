"""Where many pieces of work are done: in this process, on this machine's cores, or on a farm, over Dask.

Every task gives one result, whichever worker does it and however often one is killed meanwhile.
"""

import importlib.util
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from hydra_core.errors import UsageError

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

HERE, LOCAL, FARMS = "none", "local", ("slurm", "htcondor")
"""What `--cluster` may be besides a scheduler's address."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
"""Environment of a worker: there is one for each core, so TensorFlow gets one thread in each."""


class Workers(Protocol):
    """Somebody who does tasks."""

    def run(self, job: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the result of each task as it comes, in any order; only few tasks are taken ahead.

        `job` is pickled once and stays in each worker, so that it may keep what is dear to make. Raises what it
        raises, and ModelError for a task that kills its workers.
        """
        ...


class ThisProcess:
    """Does one task after another in this process."""

    def run(self, job: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the results in the order of the tasks."""
        return map(job, tasks)


@contextmanager
def open_workers(cluster: str | None, count: int | None, shared: Path) -> Iterator[Workers]:
    """Yield the workers that `cluster` means, and send them home at the end.

    "none" is this process, "local" a worker for each core, "slurm" and "htcondor" `count` batch jobs (set up by Dask's
    own jobqueue.yaml), anything else a scheduler's address. None is "local" where Dask is installed, else "none".
    `shared` is a directory that a farm's nodes can read. Raises UsageError for what is not installed or no address.
    """
    if cluster is None:
        cluster = LOCAL if importlib.util.find_spec("distributed") else HERE
    if cluster == HERE:
        yield ThisProcess()
        return
    if importlib.util.find_spec("distributed") is None:
        raise UsageError(f"--cluster {cluster} needs Dask: install hydra-monitoring[scale], or take --cluster none")
    if cluster not in (LOCAL, *FARMS) and "://" not in cluster:
        raise UsageError(f"--cluster is none, local, slurm, htcondor or an address like tls://host:8786, not {cluster}")
    from hydra_ml.scale.dask_workers import connect

    with connect(cluster, count, shared) as workers:
        yield workers
