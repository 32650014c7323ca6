"""What tests of documents share."""

from collections.abc import Iterator

import pytest

from realtime_sync.document.unchanged import IMPLEMENTATIONS, Implementation
from tests.document.implementations import in_use


@pytest.fixture(scope="module", params=IMPLEMENTATIONS)
def implementation(request: pytest.FixtureRequest) -> Iterator[Implementation]:
    """Run a test, or with `pytestmark = pytest.mark.usefixtures(...)` a module, on C and on Python."""
    found = IMPLEMENTATIONS[request.param]
    with in_use(found):
        yield found
