"""Where the axis of a chart ends, for the pages and for the reports."""

import math


def round_up(value: float) -> float:
    """Return the next of 1, 2, 4, 5, 8 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * (1 - 1e-9))
