"""Channel Access: records that behave like those of a C IOC, and the server that clients connect to.

The only package that knows caproto; everything else posts to records.
"""

from hydra_ioc.ca.fields import field_names
from hydra_ioc.ca.hooks import PutContext, PutRefused
from hydra_ioc.ca.record import STATUS_SEVERITIES, Record, make_record
from hydra_ioc.ca.server import CaServer

__all__ = ["STATUS_SEVERITIES", "CaServer", "PutContext", "PutRefused", "Record", "field_names", "make_record"]
