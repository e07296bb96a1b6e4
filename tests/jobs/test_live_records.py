"""What a state of a live session costs; its record is tested with the session."""

from __future__ import annotations

import pytest

from napari_unlearn.jobs.live_records import state_mu
from napari_unlearn.privacy import gaussian_dp


@pytest.mark.parametrize("states", [1, 7, 10_000])
def test_all_states_together_meet_the_budget(states: int) -> None:
    together = gaussian_dp.compose([state_mu(2.0, 1e-5, states)] * states)
    assert gaussian_dp.epsilon(together, 1e-5) == pytest.approx(2.0, rel=1e-6)
    assert gaussian_dp.epsilon(together * 1.01, 1e-5) > 2.0
