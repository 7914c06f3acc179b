"""What a sweep's file means, and what is wrong with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hydra_core.errors import ConfigError, UsageError
from hydra_ml.packing import TrainingOptions
from hydra_ml.scale.plan import Sweep, checked_sweep, read_sweep, trials_of
from hydra_ml.scale.workers import ThisProcess, open_workers

BASE = TrainingOptions(architecture="compact", epochs=7, seed=4)


def choices(**data: object) -> list[dict[str, object]]:
    return [dict(trial.choices) for trial in trials_of(checked_sweep(data, "sweep.yaml"), BASE)]


def test_every_combination_with_every_seed() -> None:
    found = choices(grid={"batch": [8, 16], "architecture": ["light", "compact"]}, seeds=[3, 9])
    assert len(found) == 8 and found[0] == {"batch": 8, "architecture": "light", "seed": 3}
    assert len({str(sorted(c.items())) for c in found}) == 8


def test_trials_besides_the_grid_and_what_is_not_chosen_stays() -> None:
    plan = checked_sweep({"grid": {"epochs": [1]}, "trials": [{"batch": 4, "learning_rate": "1e-3"}]}, "sweep.yaml")
    trials = trials_of(plan, BASE)
    assert [t.number for t in trials] == [1, 2]
    assert (trials[0].options.epochs, trials[0].options.seed) == (1, 4)
    assert (trials[1].options.epochs, trials[1].options.batch, trials[1].options.learning_rate) == (7, 4, 1e-3)


def test_seeds_alone_and_nothing_at_all() -> None:
    assert [t.options.seed for t in trials_of(Sweep(seeds=3), BASE)] == [1, 2, 3]
    assert [t.options for t in trials_of(Sweep(), BASE)] == [BASE]


def test_a_sample_is_part_of_the_grid_and_always_the_same() -> None:
    whole = choices(grid={"batch": [2, 4, 8, 16], "epochs": [1, 2, 3, 4]})
    some = choices(grid={"batch": [2, 4, 8, 16], "epochs": [1, 2, 3, 4]}, sample=5)
    assert len(some) == 5 and all(c in whole for c in some)
    assert some == choices(grid={"batch": [2, 4, 8, 16], "epochs": [1, 2, 3, 4]}, sample=5)


def test_numbers_as_yaml_1_2_writes_them(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("grid: {learning_rate: [1e-3, 5e-4]}\nseeds: 2\n")
    assert [c["learning_rate"] for c in read_sweep(tmp_path / "sweep.yaml").choices()] == [1e-3, 1e-3, 5e-4, 5e-4]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"gird": {}}, "gird: Extra inputs are not permitted"),
        ({"grid": {"learning_rat": [1]}}, "learning_rat: Extra inputs"),
        ({"grid": {"batch": [1]}}, "batch: Input should be greater than or equal to 2"),
        ({"grid": {"batch": []}}, "batch: List should have at least 1 item"),
        ({"grid": {"architecture": ["vgg"]}}, "'vgg' is not one of"),
        ({"trials": [{"precision": "float8"}]}, "'float8' is not one of float32, mixed"),
        ({"seeds": 0}, "seeds: "),
        ({"grid": {"epochs": list(range(101)), "batch": list(range(2, 102))}}, "10100 trials are more than 10000"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_sweep(data, "sweep.yaml")
    assert str(caught.value).startswith("sweep.yaml: ") and message in str(caught.value)


def test_the_same_trial_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="trials 1 and 2 are the same"):
        choices(grid={"batch": [8, 8]})


def test_this_process_does_one_task_after_another_and_takes_none_ahead(tmp_path: Path) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for n in range(3):
            taken.append(n)
            yield n

    with open_workers("none", None, tmp_path) as workers:
        assert isinstance(workers, ThisProcess)
        results = workers.run(lambda n: n * n, tasks())
        assert next(results) == 0 and taken == [0]
        assert list(results) == [1, 4]


def test_an_unknown_cluster_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="or an address like tls://host:8786, not kubernetes"),
        open_workers("kubernetes", 1, tmp_path),
    ):
        raise AssertionError("unreachable")


def test_the_sweep_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "train-on-many-processes.md"
    example = page.read_text(encoding="utf-8").split("```yml\n")[1].split("```")[0]
    (tmp_path / "sweep.yaml").write_text(example)
    trials = trials_of(read_sweep(tmp_path / "sweep.yaml"), BASE)
    assert len(trials) == 15 and trials[-1].options.precision == "mixed"
