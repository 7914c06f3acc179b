"""What this machine can train with: shorter numbers where it computes them fast, and all GPUs that TensorFlow sees."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra_core.errors import UsageError

PRECISIONS = ("float32", "mixed")

FLOAT32, BFLOAT16, FLOAT16 = "float32", "mixed_bfloat16", "mixed_float16"
"""Names of Keras' policies; in the mixed ones the weights stay float32."""
BFLOAT16_CPU = frozenset(("avx512_bf16", "amx_bf16"))
BFLOAT16_GPU, FLOAT16_GPU = (8, 0), (7, 0)
"""Least CUDA compute capabilities with fast bfloat16 and float16."""


def check_precision(text: str) -> str:
    """Return one of PRECISIONS. Raises UsageError for anything else."""
    if text not in PRECISIONS:
        raise UsageError(f"precision is {' or '.join(PRECISIONS)}, not {text!r}")
    return text


def choose_policy(precision: str, cpu_flags: Collection[str], gpus: Sequence[tuple[int, int]]) -> str:
    """Return the policy to compute in, given the processor's flags and the GPUs' compute capabilities.

    bfloat16 comes before float16, which needs its losses scaled; what would be slower than float32 is not taken.
    """
    if precision == "float32":
        return FLOAT32
    if gpus:
        least = min(gpus)
        return BFLOAT16 if least >= BFLOAT16_GPU else FLOAT16 if least >= FLOAT16_GPU else FLOAT32
    return BFLOAT16 if BFLOAT16_CPU & set(cpu_flags) else FLOAT32


def policy_here(precision: str) -> str:
    """Return the policy to compute in on this machine."""
    return choose_policy(precision, cpu_flags(), _capabilities())


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the first processor's flags as Linux names them; none where it does not say."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return next((frozenset(line.split(":", 1)[1].split()) for line in lines if line.startswith("flags")), frozenset())


@contextmanager
def computing_in(policy: str) -> Iterator[None]:
    """Let layers that are built in this block compute in a policy."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def strategy_for(devices: Sequence[str] = ()) -> Any:
    """Return the `tf.distribute` strategy for `devices` (none given: every GPU); one device needs none of its own.

    With several every step's batch is divided among them, and each has a copy of the weights.
    """
    import tensorflow as tf

    names = list(devices) or [device.name for device in tf.config.list_logical_devices("GPU")]
    return tf.distribute.MirroredStrategy(names) if len(names) > 1 else tf.distribute.get_strategy()


def _capabilities() -> list[tuple[int, int]]:
    import tensorflow as tf

    details = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return [tuple(found.get("compute_capability", (0, 0))) for found in details]
