"""Faults of CLAS12's counter maps (sector against paddle, strip or tube), which all these detectors share."""

from collections.abc import Sequence

from hydra_ml.simulate.model import Fault, no_data
from hydra_ml.simulate.regions import Place, block, breaking, dead, gone, hot, scattered, times, too_few, whole


def counter_faults(
    places: Sequence[Place],
    pads: int,
    *,
    board: tuple[int, int],
    channel: str,
    dead_channels: tuple[int, int],
    whole_pad: str = "",
    sector: tuple[int | None, int | None] = (None, 1),
    low: tuple[float, float, float] = (0.004, 0.001, 0.03),
) -> tuple[Fault, ...]:
    """Return the faults of maps at `places` on so many pads.

    `board` is the (rows, columns) that one board reads out and `sector` those of one sector (None: all); `channel` is
    what one bin is called, `dead_channels` how many dead ones are too many; `whole_pad` names what a pad is (none: the
    plot has one pad). `low` are the shares of events left at low statistics: plain, strong, faint.
    """
    faults = [
        Fault("missing_sector", "a sector is missing", breaking(block(places, sector, least=0.0), dead)),
        Fault(
            "dead_board", f"a board is off: neighbouring {channel}s", breaking(block(places, board, least=0.1), dead)
        ),
        Fault(
            f"dead_{channel}s",
            f"more {channel}s are dead, all over, than are known to be",
            breaking(scattered(places, *dead_channels, faint=max(2, dead_channels[0] // 2)), dead),
        ),
        Fault(
            f"hot_{channel}", f"one {channel} outshines all others", breaking(scattered(places, 1, 1), hot(5, 40, 1.8))
        ),
        Fault(
            "weak_sector",
            "a sector counts far too little (HV or threshold)",
            breaking(block(places, sector), times(0.3, 0.06, faint=0.7)),
        ),
        Fault("noisy_board", "a board counts too much", breaking(block(places, board), times(4, 15, 1.8, rough=0.3))),
        Fault("low_statistics", "too few events: all is speckled", too_few(pads, *low)),
        no_data(pads),
    ]
    if whole_pad:
        faults.insert(0, Fault("missing_pad", f"{whole_pad} sends nothing", breaking(whole(places), gone)))
    return tuple(faults)
