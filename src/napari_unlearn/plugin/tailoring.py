"""Controller of preferences: keys for the hand that is free, and the device to begin with."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.shortcuts import TABLES, Keys


class Tailoring(QObject):
    """Makes the window follow the page of napari's preferences, also while that is open.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    keys : Keys
        The keys of the viewer.
    """

    def __init__(self, bench: Bench, keys: Keys) -> None:
        super().__init__(bench)
        self._bench, self._keys = bench, keys
        wishes = {"mouse_hand": self._choose_keys, "device": self._choose_device}
        self._ends = [bench.preferences.connect(name, choose) for name, choose in wishes.items()]
        for choose in wishes.values():
            choose()

    def stop(self) -> None:
        """Follow no longer, because the window closes."""
        while self._ends:
            self._ends.pop()()

    def _choose_keys(self) -> None:
        hand = self._bench.preferences.mouse_hand
        self._keys.use(TABLES[hand])
        self._bench.dock.show_keys(TABLES[hand])

    def _choose_device(self) -> None:
        self._bench.dock.unlearn.devices.choose(self._bench.preferences.device)
