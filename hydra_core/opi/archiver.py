"""For the EPICS Archiver Appliance: the request to archive the hall's PVs, and the policy by which it does.

The appliance runs the policy with Jython, so that file is Python 2 and 3 at once.
"""

import json
from collections.abc import Mapping

from hydra_core.config import HallConfig
from hydra_core.opi.listing import all_pvs
from hydra_core.pvs import Element, Kind, PvSpec

SLOW = ("HEARTBEAT",)
"""Change every second, and once a minute is enough to see when the service was down."""


def files(hall: HallConfig) -> Mapping[str, str]:
    """Return the files by path."""
    return {"archiver/archivePV.json": request(hall), "archiver/policies.py": policy(hall)}


def request(hall: HallConfig) -> str:
    """Return the body of ``POST /mgmt/bpl/archivePV``: every PV that is worth keeping."""
    rows = [
        {
            "pv": name,
            "samplingmethod": "SCAN" if spec.suffix in SLOW else "MONITOR",
            "samplingperiod": "60.0" if spec.suffix in SLOW else "1.0",
        }
        for name, spec in all_pvs(hall)
        if spec.archive
    ]
    return json.dumps(rows, indent=1) + "\n"


def policy(hall: HallConfig) -> str:
    """Return a whole ``policies.py`` (``ARCHAPPL_POLICIES``); what is not Hydra's gets the appliance's usual one."""
    existing = hall.epics.existing_names()
    prefixes = [hall.epics.prefix, *([existing.root] if existing is not None else [])]
    pictures = sorted({spec.suffix for _, spec in all_pvs(hall) if _is_picture(spec)})
    return (
        _POLICY.replace("@HALL@", hall.deployment)
        .replace("@PREFIXES@", json.dumps(prefixes))
        .replace("@SLOW@", json.dumps([f":{suffix}" for suffix in SLOW]))
        .replace("@PICTURES@", json.dumps([f":{suffix}" for suffix in pictures]))
    )


def _is_picture(spec: PvSpec) -> bool:
    return spec.kind is Kind.WAVEFORM and spec.element is Element.UCHAR


_POLICY = '''\
# Archiving policies of Hydra @HALL@, for the EPICS Archiver Appliance (ARCHAPPL_POLICIES).
# Made by `hydra opi build`. A site with policies of its own takes hydra_policy() over and asks it first.

PREFIXES = @PREFIXES@
# Once a minute is enough.
SLOW = @SLOW@
# 360 kB each: kept for some days where somebody asks for them, never for good.
PICTURES = @PICTURES@

SHORT = "pb://localhost?name=STS&rootFolder=${ARCHAPPL_SHORT_TERM_FOLDER}&partitionGranularity=PARTITION_HOUR"
MEDIUM = "pb://localhost?name=MTS&rootFolder=${ARCHAPPL_MEDIUM_TERM_FOLDER}&partitionGranularity=PARTITION_DAY"
LONG = "pb://localhost?name=LTS&rootFolder=${ARCHAPPL_LONG_TERM_FOLDER}&partitionGranularity=PARTITION_YEAR"
NOWHERE = "blackhole://localhost?name=LTS"
KEPT = [SHORT + "&consolidateOnShutdown=true", MEDIUM + "&hold=2&gather=1", LONG]
DROPPED = [SHORT + "&consolidateOnShutdown=true", MEDIUM + "&hold=4&gather=1", NOWHERE]

# Name: what people read, the sampling method, its period in seconds, where it goes.
POLICIES = {
    "HydraChanges": ("Hydra: every change, for good", "MONITOR", 1.0, KEPT),
    "HydraMinutes": ("Hydra: once a minute, for good", "SCAN", 60.0, KEPT),
    "HydraPictures": ("Hydra: pictures, for some days", "SCAN", 60.0, DROPPED),
    "Default": ("Every change, for good", "MONITOR", 1.0, KEPT),
}
LIMITS = ["HIHI", "HIGH", "LOW", "LOLO", "LOPR", "HOPR"]
NUMBERS = ["ai", "ao", "calc", "longin", "longout"]


def getPolicyList():
    return dict((name, entry[0]) for name, entry in POLICIES.items())


def getFieldsArchivedAsPartOfStream():
    return LIMITS + ["DRVH", "DRVL"]


def determinePolicy(pvInfoDict):
    name = pvInfoDict.get("policyName", "")
    if name not in POLICIES:
        name = hydra_policy(pvInfoDict["pvName"]) or "Default"
    words, method, period, stores = POLICIES[name]
    return {
        "policyName": name,
        "samplingMethod": method,
        "samplingPeriod": period,
        "dataStores": stores,
        "archiveFields": LIMITS if pvInfoDict.get("RTYP") in NUMBERS else [],
    }


def hydra_policy(pv):
    """Return the name of the policy of a PV of Hydra; None: it is not Hydra's."""
    if not [prefix for prefix in PREFIXES if pv.startswith(prefix)]:
        return None
    if [ending for ending in PICTURES if pv.endswith(ending)]:
        return "HydraPictures"
    if [ending for ending in SLOW if pv.endswith(ending)]:
        return "HydraMinutes"
    return "HydraChanges"
'''
