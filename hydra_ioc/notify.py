"""Tells systemd (Type=notify) how the service is; outside systemd nothing is imported and nothing is sent."""

import os


def tell_systemd(state: str) -> None:
    """Send a state such as ``READY=1`` or ``STOPPING=1`` to systemd, if it started us."""
    if "NOTIFY_SOCKET" not in os.environ:
        return
    from systemd import daemon

    daemon.notify(state)
