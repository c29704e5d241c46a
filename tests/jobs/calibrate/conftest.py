import pytest


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Trainings of so few rows wait for each other's threads much longer than they compute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.train.search.space.cores", lambda: 1)
        yield
