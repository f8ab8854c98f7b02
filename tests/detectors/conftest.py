import pytest

from detectors.learning import Learner
from tests.detectors.answering import grown_up


@pytest.fixture(scope="session")
def veteran() -> Learner:
    """A learner of which every member has learned; whoever wants it to learn more makes one of `resumable()`."""
    return grown_up()
