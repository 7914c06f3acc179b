"""How many threads TensorFlow may use in this process."""

import logging

logger = logging.getLogger(__name__)


def pin_threads(threads: int | None) -> None:
    """Limit TensorFlow to `threads` (None: leave it); warns when TensorFlow has already started with others."""
    if threads is None:
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1 if threads == 1 else 2)
    except RuntimeError:
        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            logger.warning("tensorflow threads cannot be changed after its start wanted=%d", threads)
