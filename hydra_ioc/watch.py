"""One plot type under watch: its state, its policy, and what has been asked of it by operators."""

from dataclasses import dataclass
from datetime import datetime

from hydra_core.decide import changed_episode, decide
from hydra_core.domain import (
    Condition,
    Event,
    Failure,
    Image,
    Outcome,
    Plot,
    PlotState,
    PlotType,
    Policy,
    Prediction,
    Ruled,
    Tick,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What goes on around a plot type: its gate and why that is closed, and what stops the judging of all of them."""

    gate_open: bool = True
    why: str = ""
    trouble: tuple[Condition, str] | None = None


@dataclass(slots=True)
class Watch:
    """The mutable place where one plot type's immutable states follow each other; lives on the event loop."""

    plot_type: PlotType
    policy: Policy
    state: PlotState
    enabled: bool = True
    has_model: bool = False
    last_arrival: datetime | None = None

    resumed: bool = True

    def restored(self, state: PlotState | None) -> None:
        """Go on from `state`, as it was before the service stopped."""
        self.state = state or PlotState()
        self.enabled = self.state.enabled
        self.last_arrival = self.state.last_plot_at

    def ruled(self, policy: Policy, now: datetime) -> Outcome | None:
        """Put another policy in force; return what has to be published and stored."""
        self.policy = policy
        return self.step(Ruled(policy), None, now)

    def tick(self, around: Surroundings, now: datetime) -> Outcome | None:
        """Let time pass; return what changed, if anything did."""
        has_model = self.has_model and self.plot_type.judged
        event = Tick(around.gate_open, self.enabled, has_model, self.resumed, around.why, around.trouble)
        self.resumed = False
        return self.step(event, None, now)

    def step(self, event: Event, image: Image | None, now: datetime) -> Outcome | None:
        """Decide on one event and return what has to be published and stored; None when nothing has."""
        before = self.state
        self.state, verdict = decide(before, event, self.policy, now)
        if verdict is None:
            return None
        plot: Plot | None = event.plot if isinstance(event, Prediction | Failure) else None
        return Outcome(
            plot_type=self.plot_type.name,
            at=now,
            image=image,
            plot=plot,
            prediction=event if isinstance(event, Prediction) else None,
            verdict=verdict,
            state=self.state,
            episode=changed_episode(before, self.state, now),
            event=None if isinstance(event, Prediction) else event,
        )
