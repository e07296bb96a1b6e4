"""Command `information`."""

from __future__ import annotations

from napari_unlearn.cli.console import OUT, fail, print_json
from napari_unlearn.cli.options import DatasetFolder, Json
from napari_unlearn.errors import UserError


def information(dataset: DatasetFolder, json: Json = False) -> None:
    """Tell how much finer masks would take away, before anyone paints them."""
    from napari_unlearn.data.dataset import open_dataset
    from napari_unlearn.evaluation.information_curve import curve_of

    try:
        points, cases = curve_of(open_dataset(dataset))
    except UserError as error:
        fail(str(error))
    if json:
        curve = [
            {
                "coarseness": point.coarseness,
                "s_global": point.estimate.value,
                "s_global_low": point.estimate.value_low,
                "s_global_high": point.estimate.value_high,
                "normalised": point.estimate.normalised,
                "low": point.estimate.low,
                "high": point.estimate.high,
            }
            for point in points
        ]
        print_json({"cases": cases, "curve": curve})
        return
    from rich.table import Table

    grid = Table("Masks", "Nats an image", "Nats a mask pixel", "95 % interval", title=f"{cases} cases")
    for point in points:
        found = point.estimate
        grid.add_row(
            point.coarseness, f"{found.value:.2f}", f"{found.normalised:.4f}", f"{found.low:.4f} to {found.high:.4f}"
        )
    OUT.print(grid)
