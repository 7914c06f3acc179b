"""Batch farms: what Dask asks of Slurm and HTCondor, with commands of these names that start the jobs right here."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import dask
import dask_jobqueue  # noqa: F401  its defaults must be there before ours
import psutil
import pytest

from hydra_core.errors import ModelError, UsageError
from hydra_ml.scale.workers import ONE_THREAD, open_workers

SBATCH = """#!/bin/bash
cp "${{@: -1}}" {log}/job$$  # the caller removes its file as soon as this command has ended
setsid bash {log}/job$$ > {log}/out$$ 2>&1 &
echo $! >> {log}/started
echo "Submitted batch job $!"
"""
CONDOR_SUBMIT = """#!/bin/bash
file="${{@: -1}}"
cp "$file" {log}/job$$
grep -E '^Arguments' "$file" | sed -E "s/^Arguments *= *\\"-c '//; s/'\\"$//; s/''/'/g" > {log}/run$$
setsid bash {log}/run$$ > {log}/out$$ 2>&1 &
echo $! >> {log}/started
echo "1 job(s) submitted to cluster $!."
"""
CANCEL = """#!/bin/bash
echo "$@" >> {log}/cancelled
for word in "$@"; do case "$word" in *[!0-9.]*) ;; *) kill -- -"${{word%.*}}" ;; esac; done
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory where the farm's commands write what they were asked; all their jobs are gone afterwards."""
    places = {name: tmp_path / name for name in ("bin", "log")}
    for place in places.values():
        place.mkdir()
    scripts = {"sbatch": SBATCH, "condor_submit": CONDOR_SUBMIT, "scancel": CANCEL, "condor_rm": CANCEL}
    for name, text in scripts.items():
        file = places["bin"] / name
        file.write_text(text.format(log=places["log"]))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{places['bin']}:{os.environ['PATH']}")
    with dask.config.set({"jobqueue.slurm.interface": "lo", "jobqueue.htcondor.interface": "lo"}):
        yield places["log"]
    started = places["log"] / "started"
    for pid in started.read_text().split() if started.exists() else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(int(pid)).kill()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "words"), [("slurm", ["-n 1", "--mem=6G"]), ("htcondor", ["MY.DaskWorkerCores = 1"])])
def test_jobs_have_one_core_one_thread_and_are_cancelled(
    log: Path, tmp_path: Path, kind: str, words: list[str]
) -> None:
    with open_workers(kind, 2, tmp_path / "shared") as workers:
        assert sorted(workers.run(abs, range(-9, 0))) == list(range(1, 10))
        assert sorted(map(str, workers.run(os.getenv, ONE_THREAD))) == ["1", "1", "1", "2"]
    jobs = [file.read_text() for file in log.glob("job*")]
    assert len(jobs) == 2 and all(word in job for word in words for job in jobs)
    started = set((log / "started").read_text().split())
    assert started <= set((log / "cancelled").read_text().replace(".0", "").split())
    shared = list((tmp_path / "shared").iterdir())
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in [tmp_path / "shared", *shared])


def test_an_address_where_nobody_answers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hydra_ml.scale import dask_workers

    monkeypatch.setattr(dask_workers, "CONNECT_TIMEOUT", "1s")
    with (
        pytest.raises(UsageError, match="no Dask scheduler answers there"),
        open_workers("tcp://127.0.0.1:9", None, tmp_path),
    ):
        raise AssertionError("unreachable")


@pytest.mark.slow
def test_what_a_job_raises_is_raised_and_a_task_that_kills_is_given_up(tmp_path: Path) -> None:
    with open_workers("local", 1, tmp_path) as workers:
        with pytest.raises(ValueError, match="invalid literal"):
            list(workers.run(int, ["1", "x"]))
        assert list(workers.run(int, ["2"])) == [2]
        with pytest.raises(ModelError, match="task 0 killed its worker again and again"):
            list(workers.run(os._exit, [3]))
