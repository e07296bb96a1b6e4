"""Masks as DICOM segmentations."""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.export.dicom_seg import DicomSegFolder

CLASSES = ("background", "benign", "malignant")
PERSON = (b"Example^Ann", b"P-4711", b"19610203", b"20240506", b"Doe^John", b"A-0815", b"Clinic of Nowhere")
MASK = np.zeros((6, 8), np.uint8)
MASK[1:4, 2:7] = 2
MASK[5, 0] = 1


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A colour photograph of a person."""
    record = Dataset()
    record.file_meta = FileMetaDataset()
    record.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    record.SOPClassUID = record.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.4"
    record.SOPInstanceUID = record.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    record.StudyInstanceUID, record.SeriesInstanceUID = generate_uid(), generate_uid()
    record.PatientName, record.PatientID, record.PatientBirthDate, record.PatientSex = "Example^Ann", "P-4711", "", "F"
    record.PatientBirthDate, record.StudyDate, record.StudyTime = "19610203", "20240506", "101112"
    record.ReferringPhysicianName, record.AccessionNumber, record.StudyID = "Doe^John", "A-0815", "7"
    record.InstitutionName, record.Modality, record.SeriesNumber = "Clinic of Nowhere", "XC", 1
    record.ImageType = ["ORIGINAL", "PRIMARY"]
    record.Rows, record.Columns, record.SamplesPerPixel, record.PhotometricInterpretation = 6, 8, 3, "RGB"
    record.PlanarConfiguration, record.BitsAllocated, record.BitsStored, record.HighBit = 0, 8, 8, 7
    record.PixelRepresentation, record.PixelSpacing = 0, [0.1, 0.1]
    record.PixelData = bytes(6 * 8 * 3)
    path = tmp_path / "one.dcm"
    record.save_as(path, enforce_file_format=True)
    return Case("one", path)


def written(case: Case, folder: Path, mask: np.ndarray, *, keep_patient: bool = False) -> Path:
    """The file of one case."""
    writer = DicomSegFolder(folder, CLASSES, keep_patient)
    writer.check([case])
    writer.add(case, mask)
    writer.finish()
    assert [path.name for path in folder.iterdir()] == ["one.dcm"]
    return folder / "one.dcm"


def test_highdicom_reads_the_mask_back_and_finds_its_image(case: Case, tmp_path: Path) -> None:
    made = highdicom.seg.segread(written(case, tmp_path / "out", MASK))
    image = dcmread(case.image_path)
    assert [made.get_segment_description(number).segment_label for number in (1, 2)] == ["benign", "malignant"]
    assert made.StudyInstanceUID == image.StudyInstanceUID
    assert made.SeriesInstanceUID != image.SeriesInstanceUID
    found = made.get_pixels_by_source_instance([image.SOPInstanceUID], combine_segments=True)
    np.testing.assert_array_equal(found[0], MASK)


def test_a_mask_without_lesion_is_written_too(case: Case, tmp_path: Path) -> None:
    made = highdicom.seg.segread(written(case, tmp_path / "out", np.zeros_like(MASK)))
    assert not made.pixel_array.any()


def test_nothing_of_the_person_gets_into_it_unless_asked_for(case: Case, tmp_path: Path) -> None:
    assert all(secret in case.image_path.read_bytes() for secret in PERSON)
    data = written(case, tmp_path / "without", MASK).read_bytes()
    assert not [secret for secret in (*PERSON, str(tmp_path).encode()) if secret in data]
    kept = dcmread(written(case, tmp_path / "with", MASK, keep_patient=True))
    assert (kept.PatientName, kept.PatientID, kept.StudyDate) == ("Example^Ann", "P-4711", "20240506")


def test_an_image_that_is_no_dicom_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "two.png").write_bytes(b"\x89PNG")
    writer = DicomSegFolder(tmp_path / "out", CLASSES)
    with pytest.raises(UserError, match="The image of two is not a DICOM file"):
        writer.check([Case("two", tmp_path / "two.png")])
    assert not (tmp_path / "out").exists()
