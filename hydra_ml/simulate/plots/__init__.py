"""The plot types that can be simulated, one module each."""

from hydra_ml.simulate.model import PlotModel
from hydra_ml.simulate.plots import bcal, cdc, fcal, itrig, rf, st, tof, trigger


def all_plots() -> tuple[PlotModel, ...]:
    """Return the description of every plot type."""
    return cdc.PLOT, fcal.PLOT, bcal.PLOT, st.PLOT, tof.PLOT, rf.PLOT, trigger.PLOT, itrig.PLOT
