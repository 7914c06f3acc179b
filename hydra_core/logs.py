"""Log lines of the services: time, level, logger, a constant message with key=value pairs."""

import logging
import sys
import time

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send everything from `level` on to stderr (journald adds the rest); the libraries only from WARNING on."""
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(stream=sys.stderr, level=level, format=FORMAT, datefmt="%Y-%m-%dT%H:%M:%S", force=True)
    for noisy in ("caproto", "alembic", "sqlalchemy", "asyncio", "tensorflow", "h5py", "matplotlib", "PIL"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
