"""Which numbers a machine trains in: the shorter ones only where they are faster."""

from pathlib import Path

import pytest

from hydra_core.errors import UsageError
from hydra_ml.hardware import check_precision, choose_policy, cpu_flags

HOPPER, AMPERE, VOLTA, PASCAL = (9, 0), (8, 0), (7, 0), (6, 1)


@pytest.mark.parametrize(
    ("flags", "gpus", "policy"),
    [
        (["avx512_bf16"], [], "mixed_bfloat16"),
        (["avx2", "amx_bf16"], [], "mixed_bfloat16"),
        (["avx512f", "avx512_vnni"], [], "float32"),
        ([], [HOPPER], "mixed_bfloat16"),
        ([], [AMPERE, HOPPER], "mixed_bfloat16"),
        ([], [VOLTA], "mixed_float16"),
        ([], [HOPPER, VOLTA], "mixed_float16"),
        (["amx_bf16"], [PASCAL], "float32"),
    ],
)
def test_mixed_precision_is_what_all_devices_are_fast_in(
    flags: list[str], gpus: list[tuple[int, int]], policy: str
) -> None:
    assert choose_policy("mixed", flags, gpus) == policy
    assert choose_policy("float32", flags, gpus) == "float32"


def test_the_processor_says_what_it_can(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nflags\t\t: fpu avx512_bf16 amx_tile\n\nprocessor : 1\nflags : other\n")
    assert cpu_flags(file) == {"fpu", "avx512_bf16", "amx_tile"}
    assert cpu_flags(tmp_path / "none") == frozenset()
    file.write_text("Features : asimd\n")
    assert cpu_flags(file) == frozenset()


def test_a_misspelt_precision_is_refused() -> None:
    assert check_precision("mixed") == "mixed"
    with pytest.raises(UsageError, match="float32 or mixed, not 'half'"):
        check_precision("half")
