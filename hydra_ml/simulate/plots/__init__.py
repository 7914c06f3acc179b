"""The plot types that can be simulated, a module each (like ones share one): GlueX here, CLAS12 in `clas12`."""

from hydra_ml.simulate.model import PlotModel
from hydra_ml.simulate.plots import (
    badhits,
    bcal,
    cdc,
    clas12,
    crystals,
    digihits,
    dirc,
    energy,
    fcal,
    fdc,
    itrig,
    ps,
    rf,
    st,
    tagger,
    tof,
    tpol,
    trigger,
)

GLUEX = (
    *(cdc.PLOT, fcal.PLOT, bcal.PLOT, st.PLOT, tof.PLOT, rf.PLOT, trigger.PLOT, itrig.PLOT),
    *(crystals.ECAL, crystals.CCAL, fdc.PLOT, ps.PLOT, tagger.PLOT, tpol.PLOT, energy.PLOT),
    *(dirc.PLOT, digihits.PLOT, badhits.PLOT),
)


def all_plots() -> tuple[PlotModel, ...]:
    """Return the description of every plot type."""
    return *GLUEX, *clas12.PLOTS
