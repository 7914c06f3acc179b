"""Common causes: what stops the judging of all plot types alike, so that it alarms once and not once per plot."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hydra_core.domain import Condition

OK, PARTLY, LOST = "OK", "PARTLY", "LOST"


@dataclass(frozen=True, slots=True)
class Cause:
    """How one thing that all plot types need is: OK, PARTLY or LOST, and in words what is wrong ("": nothing)."""

    state: str = OK
    text: str = ""


class Causes:
    """The feed and the models. `sources` gives the trouble of each source, `heads` of each model (None or "": none)."""

    def __init__(
        self, sources: Callable[[], Iterable[str | None]], heads: Callable[[], Iterable[tuple[str, str | None]]]
    ) -> None:
        self._sources = sources
        self._heads = heads

    def feed(self) -> Cause:
        """Return whether plots can come: LOST when no source can be read."""
        return _cause([text or "" for text in self._sources()])

    def models(self) -> Cause:
        """Return whether plots can be judged: LOST when none of several models can be used."""
        said = [f"{name}: {text}" if text else "" for name, text in self._heads()]
        cause = _cause(said)
        return cause if len(said) > 1 or cause.state == OK else Cause(PARTLY, cause.text)

    def common(self) -> tuple[Condition, str] | None:
        """Return the condition and reason of all plot types together; None: each is judged by itself."""
        if (feed := self.feed()).state == LOST:
            return Condition.COMM, f"no plots can come: {feed.text}"
        if (models := self.models()).state == LOST:
            return Condition.SOFT, f"no model can be used: {models.text}"
        return None


def _cause(said: list[str]) -> Cause:
    wrong = [text for text in said if text]
    if not wrong:
        return Cause()
    return Cause(LOST if len(wrong) == len(said) else PARTLY, "; ".join(wrong))
