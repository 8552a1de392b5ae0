import pytest

from appliance import Appliance


@pytest.fixture(scope="module")
def appliance():
    """One appliance for all tests of a file; its log and file are searched for secrets when the file is done."""
    with Appliance() as running:
        yield running
