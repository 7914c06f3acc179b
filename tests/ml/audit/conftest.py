"""The frozen backbone, once for all audits."""

import pytest

from hydra_ml.audit.features import LightFeatures


@pytest.fixture(scope="session")
def backbone() -> LightFeatures:
    return LightFeatures()
