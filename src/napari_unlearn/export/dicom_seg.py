"""Masks as DICOM segmentations, each of which refers to the DICOM image that it was predicted on."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.dicom import is_dicom
from napari_unlearn.errors import UserError
from napari_unlearn.export.formats import ExportFormat
from napari_unlearn.files import atomic_write

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MAKER = "napari-unlearn"

# What ties a segmentation to its image and says how large a pixel is; nothing of it tells of a person.
_TECHNICAL = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceThickness",
)


class DicomSegFolder:
    """One segmentation a case.

    Parameters
    ----------
    out : Path
        Folder of the files.
    classes : sequence of str
        Names, background first; every other class is a segment.
    keep_patient : bool
        Whether patient and study are copied from the image. Without them a segmentation names its image by identifiers
        alone.

    Raises
    ------
    UserError
        highdicom is not installed.
    """

    def __init__(self, out: Path, classes: Sequence[str], keep_patient: bool = False) -> None:
        ExportFormat("dicom-seg", "DICOM segmentation", ("highdicom",)).require()
        self._out = out
        self._classes = tuple(classes)
        self._keep_patient = keep_patient

    def check(self, cases: Sequence[Case]) -> None:
        """Refuse cases whose image is no DICOM file.

        Parameters
        ----------
        cases : sequence of Case
            All that are to be written.

        Raises
        ------
        UserError
            Names the first one.
        """
        for case in cases:
            with case.image_path.open("rb") as stream:
                if not is_dicom(stream):
                    raise UserError(
                        f"The image of {case.id} is not a DICOM file, and a DICOM segmentation must refer to one; "
                        "write the masks as png or coco."
                    )

    def add(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Write a segmentation, whole or not at all.

        Parameters
        ----------
        case : Case
            Its image is read again, without its pixels.
        mask : ndarray of uint8, shape (H, W)
            Class ids; a class that is not in it is a segment without any pixel.
        """
        from pydicom import dcmread

        record = dcmread(case.image_path, stop_before_pixels=True)
        if "SliceThickness" not in record and "PixelSpacing" in record:
            # Readers want both or none. A photograph has no thickness, and the image itself tells its spacing.
            del record.PixelSpacing
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty mask is what was predicted
            made = segmentation(record if self._keep_patient else without_person(record), mask, self._classes)
        stream = io.BytesIO()
        made.save_as(stream)
        atomic_write(self._out / f"{case.id}.dcm", stream.getvalue())

    def finish(self) -> None:
        """Leave nothing to do."""


def without_person(record: Dataset) -> Dataset:
    """Copy of an image's header that tells nothing of a person, place or day.

    Parameters
    ----------
    record : Dataset
        Header of the image.

    Returns
    -------
    Dataset
        What the standard wants of patient and study is there and empty.
    """
    from pydicom.dataset import Dataset

    bare = Dataset()
    bare.file_meta = record.file_meta
    for keyword in _TECHNICAL:
        if keyword in record:
            setattr(bare, keyword, record[keyword].value)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"):
        setattr(bare, keyword, None)
    for keyword in ("AccessionNumber", "StudyID", "ReferringPhysicianName"):
        setattr(bare, keyword, None)
    return bare


def segmentation(record: Dataset, mask: NDArray[np.uint8], classes: Sequence[str]) -> Dataset:
    """Make the segmentation of an image.

    Parameters
    ----------
    record : Dataset
        Header of the image.
    mask : ndarray of uint8, shape (H, W)
        Class ids.
    classes : sequence of str
        Names, background first.

    Returns
    -------
    Dataset
        Binary, one segment a class but the background.
    """
    from highdicom import UID, AlgorithmIdentificationSequence
    from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
    from pydicom.sr.codedict import codes

    algorithm = AlgorithmIdentificationSequence(
        name=_MAKER, version=version(_MAKER), family=codes.DCM.ArtificialIntelligence
    )
    segments = [
        SegmentDescription(
            segment_number=number,
            segment_label=name[:64],
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Lesion,
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
        )
        for number, name in enumerate(classes)
        if number
    ]
    return Segmentation(
        source_images=[record],
        pixel_array=mask[None],
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        series_instance_uid=UID(),
        series_number=1,
        sop_instance_uid=UID(),
        instance_number=1,
        manufacturer=_MAKER,
        manufacturer_model_name=_MAKER,
        software_versions=version(_MAKER),
        device_serial_number="1",
        omit_empty_frames=False,
    )
