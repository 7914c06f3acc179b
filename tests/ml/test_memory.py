"""Judging takes no more memory the longer it goes on; and a leak, made on purpose, would be seen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import bundles

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "memory.py"
PLOTS = 2_000
MOST_MIB = 20.0
LEAK = 20_000
"""Bytes of every plot: 34 MiB in all, a third of what one decoded plot would leave in 50."""


def grown(bundle: Path, *more: str) -> dict[str, float]:
    command = [sys.executable, str(BENCHMARK), "--json", "--width", "240"]
    command += ["--bundle", str(bundle), "--plots", str(PLOTS), *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_stays_flat_and_a_leak_would_be_seen(tmp_path: Path) -> None:
    about = bundles.card()
    bundle = bundles.write(tmp_path, about, bundles.network(about))
    honest, leaking = grown(bundle), grown(bundle, "--leak", str(LEAK))
    assert honest["plots"] == leaking["plots"] == PLOTS
    assert honest["growth_mib"] < MOST_MIB
    assert leaking["growth_mib"] > MOST_MIB
