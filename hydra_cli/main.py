"""The `hydra` command: one typer application, each group of commands in a module of its own."""

import sys

import typer

from hydra_core.errors import HydraError

app = typer.Typer(
    name="hydra",
    help="Watch detector plots, judge them, and alarm through EPICS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; a HydraError becomes one line on stderr and its exit code."""
    try:
        app()
    except HydraError as error:
        print(f"hydra: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
