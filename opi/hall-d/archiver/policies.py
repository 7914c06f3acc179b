# Archiving policies of Hydra hall-d, for the EPICS Archiver Appliance (ARCHAPPL_POLICIES).
# Made by `hydra opi build`. A site with policies of its own takes hydra_policy() over and asks it first.

PREFIXES = ["HYDRA:HALLD:"]
# Once a minute is enough.
SLOW = [":HEARTBEAT"]
# 360 kB each: kept for some days where somebody asks for them, never for good.
PICTURES = [":HEATMAP", ":IMAGE"]

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
