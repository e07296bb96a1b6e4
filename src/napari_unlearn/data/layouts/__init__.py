"""Ways in which data sets are laid out on disk, one file each; `LAYOUTS` is the order in which they are tried."""

from __future__ import annotations

from napari_unlearn.data.layouts.folder import FOLDER
from napari_unlearn.data.layouts.ham10000 import HAM10000
from napari_unlearn.data.layouts.isic import ISIC
from napari_unlearn.data.layouts.listing import Layout, Listing
from napari_unlearn.data.layouts.ph2 import PH2

# The package's own folder comes last: an "images" folder alone is enough for it.
LAYOUTS: tuple[Layout, ...] = (*ISIC, HAM10000, PH2, FOLDER)

__all__ = ["LAYOUTS", "Layout", "Listing"]
