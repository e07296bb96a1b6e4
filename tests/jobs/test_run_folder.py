"""A run is on disk wholly or not at all, and stays what it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.jobs import run_folder
from napari_unlearn.jobs.run_folder import Cost, new_run, read_certificate, read_cost, require_free, verify_run
from napari_unlearn.leftovers import unfinished_name
from napari_unlearn.privacy.certificate import Certificate

FILES = (
    "model/model.safetensors",
    "model/model.json",
    "certificate.json",
    "events.jsonl",
    "metrics.json",
    "SHA256SUMS",
)


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """A copy of a run to damage."""
    return Path(shutil.copytree(run, tmp_path / "copy"))


def failures(folder: Path) -> list[str]:
    """What verification says, also where it refuses the folder altogether."""
    try:
        return verify_run(folder)
    except UserError as error:
        return [str(error)]


def rehash(folder: Path) -> None:
    """Write the check sums anew, as somebody who covers up a change would."""
    run_folder._write_sums(folder)


def write(folder: Path, record: dict[str, Any]) -> None:
    """Write a certificate with a fresh digest and fresh check sums, as a thorough forger would."""
    text = Certificate.from_text(json.dumps(record)).to_text()
    (folder / "certificate.json").write_bytes(text.encode())
    rehash(folder)


def test_a_run_holds_these_files_and_is_valid(run: Path) -> None:
    found = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert found == set(FILES)
    assert verify_run(run) == []


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("name", FILES)
def test_any_altered_byte_is_noticed(copy: Path, name: str, place: float) -> None:
    data = bytearray((copy / name).read_bytes())
    data[round(place * (len(data) - 1))] ^= 1
    (copy / name).write_bytes(data)
    found = failures(copy)
    assert found
    assert all(sentence.endswith(".") for sentence in found)


@pytest.mark.parametrize("name", FILES)
def test_any_missing_file_is_noticed(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert name.split("/")[-1] in " ".join(failures(copy))


@pytest.mark.parametrize("name", ["extra.txt", "model/extra.bin", ".hidden", "new/folder/file"])
def test_any_added_file_is_noticed(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text("x")
    assert f"{name} was added after the run." in failures(copy)


@pytest.mark.parametrize("name", FILES)
def test_any_emptied_file_is_noticed(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"")
    assert failures(copy)


def test_another_card_under_fresh_check_sums_is_noticed(copy: Path) -> None:
    card = copy / "model" / "model.json"
    card.write_text(card.read_text().replace('"benign"', '"harmless"'))
    rehash(copy)
    assert failures(copy) == ["model/model.json is not the one that the certificate was given for."]


def test_another_model_under_fresh_check_sums_is_noticed(copy: Path, model: Path) -> None:
    shutil.copyfile(model / "model.safetensors", copy / "model" / "model.safetensors")
    rehash(copy)
    assert failures(copy) == [
        "The certificate does not list the tensors of model/ as they are, from head.weights on.",
        "model/model.safetensors is not the one that the certificate was given for.",
    ]


def test_every_byte_of_certificate_log_and_numbers_counts(copy: Path) -> None:
    for name in ("certificate.json", "events.jsonl", "metrics.json", "SHA256SUMS", "model/model.json"):
        data = (copy / name).read_bytes()
        unnoticed = []
        for place in range(0, len(data), max(1, len(data) // 60)):
            (copy / name).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            if not failures(copy):
                unnoticed.append(place)
        (copy / name).write_bytes(data)
        assert unnoticed == [], name
    assert failures(copy) == []


def test_a_certificate_under_fresh_check_sums_is_noticed(copy: Path) -> None:
    path = copy / "certificate.json"
    data = path.read_bytes()
    for place in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        rehash(copy)
        assert failures(copy), place
    path.write_bytes(data + b" ")
    rehash(copy)
    assert failures(copy) == ["certificate.json is not as it was written: its digest is not that of what it says."]


def test_a_tensor_that_is_put_somewhere_else_is_noticed(copy: Path) -> None:
    record = json.loads((copy / "certificate.json").read_text())
    for group in record["tensors"]:
        if "head.mean" in group["names"]:
            group["names"].remove("head.mean")
    write(copy, record)
    found = failures(copy)
    assert found == ["The certificate does not list the tensors of model/ as they are, from head.mean on."]


def test_another_encoder_than_the_public_one_is_noticed(copy: Path) -> None:
    record = json.loads((copy / "certificate.json").read_text())
    record["hashes"]["public_encoder"] = 64 * "0"
    write(copy, record)
    assert failures(copy) == ["The encoder in model/ is not the one that the certificate names as public."]


def test_a_run_of_an_earlier_version_says_so(copy: Path) -> None:
    record = json.loads((copy / "certificate.json").read_text())
    old = {name: value for name, value in record.items() if name not in ("format", "status", "tensors", "digest")}
    (copy / "certificate.json").write_text(json.dumps(old, indent=2))
    rehash(copy)
    (only,) = failures(copy)
    assert only.endswith(
        "It was written by an earlier version of napari-unlearn, whose certificates named neither tensors nor "
        "accountant; run the operator again with this version."
    )


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("epsilon", 0.5, "epsilon"),
        ("tier", "certified", "status"),
        ("mechanism", "residual", "mechanism"),
        ("created", "yesterday", "created"),
        ("assumptions", [], "assumption"),
        ("hashes", {}, "hash"),
    ],
)
def test_a_certificate_that_claims_something_else_is_noticed(copy: Path, field: str, value: Any, word: str) -> None:
    record = json.loads((copy / "certificate.json").read_text())
    record[field] = value
    (copy / "certificate.json").write_text(json.dumps(record))
    rehash(copy)
    assert word in " ".join(failures(copy))


def test_what_a_run_cost_is_read_from_old_certificates_too(copy: Path) -> None:
    record = json.loads((copy / "certificate.json").read_text())
    record |= {"tier": "certified", "mu": 0.25, "parameters": {"sigma": 1}}
    for name in ("format", "status", "tensors", "digest"):
        del record[name]
    (copy / "certificate.json").write_text(json.dumps(record))
    assert read_cost(copy) == Cost("certified", 0.25, {"sigma": 1.0}, record["hashes"]["model_in"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tier": "certified", "mu": "x"}', '{"mu": null, "tier": "exact"}'])
def test_a_run_whose_cost_cannot_be_read_stops_the_account(tmp_path: Path, text: str) -> None:
    (tmp_path / "certificate.json").write_text(text)
    with pytest.raises(UserError, match="is damaged, so what that run cost cannot be charged"):
        read_cost(tmp_path)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    for verb in (verify_run, read_certificate):
        with pytest.raises(UserError, match=r"has no certificate\.json; choose the folder of an unlearning run"):
            verb(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tier": "exact"}'])
def test_a_certificate_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "certificate.json").write_text(text)
    with pytest.raises(UserError, match="is not a certificate that can be checked: "):
        read_certificate(tmp_path)


def test_a_run_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "first"
    with new_run(out) as folder:
        (folder / "a").write_text("x")
        assert not out.exists()
    assert sorted(path.name for path in out.iterdir()) == ["SHA256SUMS", "a"]
    assert [path.name for path in out.parent.iterdir()] == ["first"]


@pytest.mark.parametrize("trouble", [OSError("full"), KeyboardInterrupt(), GeneratorExit()])
def test_a_run_that_fails_leaves_nothing_behind(tmp_path: Path, trouble: BaseException) -> None:
    def fill() -> None:
        with new_run(tmp_path / "first") as folder:
            (folder / "a").write_text("x")
            raise trouble

    with pytest.raises(type(trouble)):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_new_run_clears_away_what_killed_processes_left_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / unfinished_name("killed") / "model").mkdir(parents=True)
    monkeypatch.setattr("napari_unlearn.process.gone", lambda _: True)
    with new_run(tmp_path / "run") as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_of_two_runs_with_one_name_the_second_says_that_it_is_taken(tmp_path: Path) -> None:
    def fill() -> None:
        with new_run(tmp_path / "run") as folder:
            (folder / "a").write_text("second")
            with new_run(tmp_path / "run") as faster:
                (faster / "a").write_text("first")

    with pytest.raises(UserError, match="run exists already; choose a new folder"):
        fill()
    assert (tmp_path / "run" / "a").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    out = tmp_path / "first"
    out.mkdir()
    require_free(out)
    with new_run(out) as folder:
        (folder / "a").write_text("x")
    assert (out / "a").is_file()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_there_already_is_not_touched(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "first"
    if kind == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "mine").write_text("mine")
    with pytest.raises(UserError, match="exists already; choose a new folder for the run"), new_run(out):
        pytest.fail("must not be filled")
    assert (out if kind == "file" else out / "mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["parts", "model/extra", "metrics.json"])
def test_a_link_in_a_run_is_noticed(copy: Path, tmp_path: Path, name: str) -> None:
    if name == "metrics.json":
        target = Path(shutil.copy(copy / name, tmp_path))  # the same content, so that no check sum tells
        (copy / name).unlink()
    else:
        target = tmp_path / "private"
        target.mkdir()
        (target / "letter.txt").write_text("to nobody else")
    (copy / name).symlink_to(target)
    assert f"{name} is a link; a run holds files only." in failures(copy)
