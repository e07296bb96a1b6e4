"""What several test modules share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# No test depends on how busy the machine is.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

SHARED_DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """Folder of real dermoscopy images that lies beside the checkout on some machines."""
    if not SHARED_DATA.is_dir():
        pytest.skip("The real images for development (../shared/data beside the checkout) are not on this machine.")
    return SHARED_DATA.resolve()
