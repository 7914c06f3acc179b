"""Workers over Dask: a cluster of processes on this machine, batch jobs, or a scheduler that runs already."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import dask
from distributed import Client, KilledWorker, LocalCluster, Security, WorkerPlugin, as_completed, get_worker
from distributed.scheduler import NoWorkerError

from hydra_core.errors import ModelError, UsageError
from hydra_ml.scale.workers import LOCAL, ONE_THREAD

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

AHEAD = 2
"""Tasks sent out for each worker: one is done while the next one waits there. More would only take memory."""
FARM_JOBS = 8
JOB_MEMORY = "6GB"
CONNECT_TIMEOUT = "30s"
NO_WORKERS = "120s"
"""After this long without any worker on this machine none will come; a farm's jobs may wait for days."""


class DaskWorkers:
    """The workers of one Dask client."""

    def __init__(self, client: Client, count: int) -> None:
        self._client = client
        self._count = count

    def run(self, job: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the results as they come. A task whose worker dies is done anew by another one."""
        name = f"hydra-{uuid4().hex}"
        self._client.register_plugin(_Carrier(job), name=name)
        source, pending = enumerate(tasks), as_completed()
        try:
            self._send(name, pending, islice(source, AHEAD * self._count))
            for future in pending:
                yield _result(future)
                future.release()
                self._send(name, pending, islice(source, 1))
        finally:
            self._client.cancel(list(pending.futures))
            self._client.unregister_worker_plugin(name)

    def _send(self, name: str, pending: Any, tasks: Iterable[tuple[int, Any]]) -> None:
        for number, task in tasks:
            pending.add(self._client.submit(_do, name, task, key=f"{name}-{number}", pure=False))


class _Carrier(WorkerPlugin):  # type: ignore[misc]  # Dask's classes are Any to us
    """Brings a job to every worker, also to those that start later."""

    def __init__(self, job: Callable[[Any], Any]) -> None:
        self.job = job


def _do(name: str, task: Any) -> Any:
    return get_worker().plugins[name].job(task)


def _result(future: Any) -> Any:
    try:
        return future.result()
    except KilledWorker as error:
        raise ModelError(
            f"task {future.key.rsplit('-', 1)[1]} killed its worker again and again, most likely for want of memory; "
            "give the workers more, or take fewer of them"
        ) from error
    except NoWorkerError as error:
        raise ModelError(
            "all workers have ended and did not come back; look for what ended them, and give the command again"
        ) from error


@contextmanager
def connect(cluster: str, count: int | None, shared: Path) -> Iterator[DaskWorkers]:
    """Yield workers of a cluster made for this (local, slurm, htcondor), or of the scheduler at an address."""
    # Dask tells every coming and going, and of connections that end; what matters comes as a result or an error.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    if "://" in cluster:
        with _client(cluster) as client:
            yield DaskWorkers(client, count or max(1, len(client.scheduler_info(n_workers=-1)["workers"])))
        return
    wanted = count or (len(os.sched_getaffinity(0)) if cluster == LOCAL else FARM_JOBS)
    with _local(wanted) if cluster == LOCAL else _farm(cluster, wanted, shared) as made, Client(made) as client:
        yield DaskWorkers(client, wanted)


def _client(address: str) -> Client:
    try:
        return Client(address, timeout=CONNECT_TIMEOUT)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--cluster {address}: no Dask scheduler answers there ({error}); check the address"
        ) from error


def _local(count: int) -> LocalCluster:
    # A scheduler runs whatever it is sent: without keys any user of this machine could send it something.
    here = {"distributed.scheduler.http.routes": [], "distributed.scheduler.no-workers-timeout": NO_WORKERS}
    with dask.config.set(here):
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address=None,
            memory_limit=0,
            env=ONE_THREAD,
            silence_logs=logging.ERROR,
        )


def _farm(kind: str, count: int, shared: Path) -> Any:
    """Return a cluster of batch jobs with one core each; queue, account and memory come from Dask's jobqueue.yaml."""
    try:
        from dask_jobqueue import HTCondorCluster, SLURMCluster
    except ImportError as error:
        raise UsageError(f"--cluster {kind} needs dask-jobqueue: install hydra-monitoring[farm]") from error
    shared.mkdir(parents=True, exist_ok=True, mode=0o700)
    memory = dask.config.get(f"jobqueue.{kind}.memory", None) or JOB_MEMORY
    made = (SLURMCluster if kind == "slurm" else HTCondorCluster)(
        n_workers=count,
        cores=1,
        processes=1,
        memory=memory,
        **({"disk": dask.config.get("jobqueue.htcondor.disk", None) or "2GB"} if kind == "htcondor" else {}),
        security=Security.temporary(),
        protocol="tls://",
        shared_temp_directory=str(shared),
        scheduler_options={"dashboard_address": None},
        job_script_prologue=[f"export {name}={value}" for name, value in ONE_THREAD.items()],
    )
    logger.info("batch jobs asked for kind=%s count=%d", kind, count)
    return made
