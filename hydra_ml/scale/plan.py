"""What a sweep tries: a YAML file of choices, or a number of seeds, turned into trials."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hydra_core.config.document import read_document
from hydra_core.config.problems import refuse
from hydra_core.errors import ConfigError, UsageError
from hydra_ml.architectures import ARCHITECTURES
from hydra_ml.hardware import PRECISIONS
from hydra_ml.packing import TrainingOptions
from hydra_ml.scale.trial import Trial

MOST_TRIALS = 10_000


class Choices(BaseModel):
    """What may be varied; only what a file names is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: str | None = None
    input_size: Annotated[int, Field(ge=16, le=2048)] | None = None
    epochs: Annotated[int, Field(ge=0)] | None = None
    batch: Annotated[int, Field(ge=2)] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    patience: Annotated[int, Field(ge=1)] | None = None
    precision: str | None = None
    seed: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        for value, known in ((self.architecture, ARCHITECTURES), (self.precision, PRECISIONS)):
            if value is not None and value not in known:
                raise ValueError(f"{value!r} is not one of {', '.join(known)}")
        return self

    def named(self) -> dict[str, object]:
        """Return what was named."""
        return self.model_dump(exclude_unset=True)


class Sweep(BaseModel):
    """A sweep's file: every combination of `grid`'s lists, or `sample` of them by chance; `trials` besides.

    All of it is tried with each of `seeds`, which is how many (1, 2, …) or which; None: the command's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    trials: list[Choices] = []
    sample: Annotated[int, Field(ge=1)] | None = None
    seeds: Annotated[int, Field(ge=1)] | Annotated[list[int], Field(min_length=1)] | None = None

    def choices(self) -> list[dict[str, object]]:
        """Return what each trial chooses. Raises ValueError for what cannot be chosen."""
        names, lists = list(self.grid), list(self.grid.values())
        combined = [dict(zip(names, values, strict=True)) for values in itertools.product(*lists)] if names else []
        if self.sample is not None and self.sample < len(combined):
            chosen = np.random.default_rng(0).permutation(len(combined))[: self.sample]
            combined = [combined[i] for i in sorted(chosen)]
        found = [Choices.model_validate(choice).named() for choice in combined] + [t.named() for t in self.trials]
        given = range(1, self.seeds + 1) if isinstance(self.seeds, int) else self.seeds
        seeds: list[int | None] = list(given) if given is not None else [None]
        return [choice if seed is None else {**choice, "seed": seed} for choice in found or [{}] for seed in seeds]


def read_sweep(path: Path) -> Sweep:
    """Read a sweep's file. Raises ConfigError that says what is wrong and where."""
    document = read_document(path)
    if document.problems:
        raise refuse(str(path), document.problems)
    return checked_sweep(document.data, str(path))


def checked_sweep(data: Mapping[str, object], name: str) -> Sweep:
    """Return a sweep from plain values; `name` is what messages call them. Raises ConfigError."""
    try:
        sweep = Sweep.model_validate(data)
        number = len(sweep.choices())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("constrained", "list[")))
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{name}: {where or 'grid'}: {message}; see docs/how-to/train-a-model.md") from error
    if number > MOST_TRIALS:
        raise ConfigError(f"{name}: {number} trials are more than {MOST_TRIALS}; give `sample: N`")
    return sweep


def trials_of(sweep: Sweep, options: TrainingOptions) -> list[Trial]:
    """Return the trials of a sweep around `options`. Raises UsageError when two are the same."""
    choices: Sequence[Mapping[str, object]] = sweep.choices()
    trials = [Trial(n, c, replace(options, **c)) for n, c in enumerate(choices, start=1)]  # type: ignore[arg-type]
    for first, second in itertools.combinations(trials, 2) if len(trials) <= 500 else ():
        if first.options == second.options:
            raise UsageError(f"trials {first.number} and {second.number} are the same: {dict(first.choices)}")
    return trials
