"""The web process stays small: none of the heavy or foreign libraries comes with it."""

import subprocess
import sys

FOREIGN = ("tensorflow", "keras", "caproto", "epics", "cv2", "matplotlib", "hydra_ml", "hydra_ioc")


def test_importing_the_web_service_imports_nothing_foreign():
    program = f"import sys, hydra_web.app, hydra_web.server; print([m for m in {FOREIGN} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
