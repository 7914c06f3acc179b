"""Give memory back to the system after something large was dropped."""

import ctypes
import gc


def give_back() -> None:
    """Collect what only cycles hold (Keras models and graphs are full of them) and return free pages to the system."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        # Only glibc has it; elsewhere the allocator decides.
        return
