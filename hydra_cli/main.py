"""The `hydra` command: one typer application, each group of commands in a module of its own."""

import importlib
import logging
import os
import sys

import typer

from hydra_core.errors import HydraError

COMMANDS = (
    "config",
    "opi",
    "simulate",
    "data",
    "models",
    "train_run",
    "trainer",
    "thresholds",
    "learning_curve",
    "audit",
    "database",
    "replay",
    "services",
    "user",
    "shell",
    "purge",
    "report",
    "notify",
    "demo",
)


def build() -> typer.Typer:
    """Build the application from the command modules (none imports anything heavy)."""
    app = typer.Typer(
        name="hydra",
        help="Watch detector plots, judge them, and alarm through EPICS.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in COMMANDS:
        importlib.import_module(f"hydra_cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command; a HydraError becomes one line on stderr and its exit code."""
    # TensorFlow's remarks on its own build and tracing tell a user of this command nothing.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        build()()
    except HydraError as error:
        print(f"hydra: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
