"""PVAccess beside Channel Access: the same records, under the same names, as normative types.

The only package that knows p4p; import it where PVAccess is switched on.
"""

import warnings

with warnings.catch_warnings():
    # p4p brings setuptools_dso, which imports `wheel` where that is installed, and that warns of its own end.
    warnings.simplefilter("ignore", FutureWarning)
    from hydra_ioc.pva.server import PvaServer

__all__ = ["PvaServer"]
