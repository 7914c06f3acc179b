"""PVAccess beside Channel Access: the same records, under the same names, as normative types.

The only package that knows p4p; import it where PVAccess is switched on.
"""

from hydra_ioc.pva.server import PvaServer

__all__ = ["PvaServer"]
