"""What other rules would have made of the past: stored judgements through the real `decide`, as fast as a slider."""

from hydra_core.simulator.judging import Alarm, Fault, Simulation, simulate
from hydra_core.simulator.tape import Row, Tape

__all__ = ["Alarm", "Fault", "Row", "Simulation", "Tape", "simulate"]
