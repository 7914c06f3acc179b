"""The soft IOC: takes plots in, has them judged, publishes verdicts as EPICS process variables."""
