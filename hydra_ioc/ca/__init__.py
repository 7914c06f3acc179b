"""Channel Access: records that behave like those of a C IOC, and the server that clients connect to.

The only package that knows caproto; everything else posts to records.
"""

from hydra_ioc.ca.events import Mask, Subscription
from hydra_ioc.ca.fields import field_names
from hydra_ioc.ca.hooks import FULL, Access, PutContext, PutDone, PutRefused, Rights
from hydra_ioc.ca.record import STATUS_SEVERITIES, Record, make_record
from hydra_ioc.ca.selfcheck import answers
from hydra_ioc.ca.server import CaServer
from hydra_ioc.ca.watching import watch
from hydra_ioc.ca.wire import EPOCH_1990

__all__ = [
    "EPOCH_1990",
    "FULL",
    "STATUS_SEVERITIES",
    "Access",
    "CaServer",
    "Mask",
    "PutContext",
    "PutDone",
    "PutRefused",
    "Record",
    "Rights",
    "Subscription",
    "answers",
    "field_names",
    "make_record",
    "watch",
]
