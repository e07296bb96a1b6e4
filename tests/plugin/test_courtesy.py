from __future__ import annotations

import sys

from napari_unlearn.plugin.courtesy import SHORT, courteous


def test_the_interval_is_short_until_the_last_thread_ends() -> None:
    usual = sys.getswitchinterval()
    with courteous():
        with courteous():
            assert sys.getswitchinterval() <= SHORT * 1.01
        assert sys.getswitchinterval() <= SHORT * 1.01
    assert sys.getswitchinterval() == usual
