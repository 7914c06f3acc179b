"""Plot types of CLAS12 (Hall B), as its monitoring draws them with groot."""

from hydra_ml.simulate.plots.clas12 import bst, central, cherenkov, dc, ecal, ftcal, ftof, helicity, rf, rich, trigger

PLOTS = (
    *(dc.PLOT, ftof.ADC, ftof.TDC, ecal.PLOT, cherenkov.HTCC, cherenkov.LTCC, central.CTOF_PLOT, central.CND_PLOT),
    *(bst.PLOT, ftcal.PLOT, rich.PLOT, helicity.PLOT, trigger.PLOT, rf.PLOT),
)
