"""What a finished run leaves on disk, and whether it is still what was written.

RUN/model/, RUN/certificate.json, RUN/events.jsonl, RUN/metrics.json and RUN/SHA256SUMS over all of them. The folder is
written under another name and renamed when it is complete, so that a run exists wholly or not at all.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write, parse_json, sha256_file
from napari_unlearn.jobs.parts import part_failures
from napari_unlearn.jobs.provenance import encoder_digest, tensor_groups
from napari_unlearn.leftovers import clear, unfinished_name
from napari_unlearn.privacy.certificate import Certificate
from napari_unlearn.privacy.verification import check

MODEL, CERTIFICATE, EVENTS, METRICS, SUMS = "model", "certificate.json", "events.jsonl", "metrics.json", "SHA256SUMS"


@contextmanager
def new_run(out: Path) -> Iterator[Path]:
    """Fill a new run folder that appears at `out` only if nothing goes wrong.

    Parameters
    ----------
    out : Path
        Where the run is to be; must not exist or be empty.

    Yields
    ------
    Path
        A folder to fill.

    Raises
    ------
    UserError
        There is something at `out` already.
    """
    require_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    clear(out.parent)
    folder = out.parent / unfinished_name(out.name)
    folder.mkdir()
    try:
        yield folder
        _write_sums(folder)
        _publish(folder, out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _publish(folder: Path, out: Path) -> None:
    try:
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # Somebody else was faster with the same name.
        raise UserError(f"{out} exists already; choose a new folder for the run.") from error


def require_free(out: Path) -> None:
    """Refuse a run folder that is taken, before any work is done for it.

    Parameters
    ----------
    out : Path
        Where a run is to be.

    Raises
    ------
    UserError
        There is something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} exists already; choose a new folder for the run.")


def write_certificate(folder: Path, certificate: Certificate) -> None:
    """Write the certificate of a run.

    Parameters
    ----------
    folder : Path
        A run folder.
    certificate : Certificate
        What is written.
    """
    atomic_write(folder / CERTIFICATE, certificate.to_text().encode())


def read_certificate(folder: Path) -> Certificate:
    """Read the certificate of a run.

    Parameters
    ----------
    folder : Path
        A run folder, or an exported one.

    Returns
    -------
    Certificate

    Raises
    ------
    UserError
        There is none, or it is malformed.
    """
    path = folder / CERTIFICATE
    try:
        return Certificate.from_text(path.read_bytes().decode())
    except FileNotFoundError as error:
        raise UserError(f"{folder} has no {CERTIFICATE}; choose the folder of an unlearning run.") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path} is not a certificate that can be checked: {str(error).rstrip('.')}.") from error


@dataclass(frozen=True)
class Cost:
    """What has to be known of an earlier run to charge it.

    Attributes
    ----------
    tier : str
        Kind of guarantee.
    mu : float or None
        Of its Gaussian DP.
    parameters : mapping of str to float
        Its numbers.
    model_in : str or None
        Digest of the model it started from.
    """

    tier: str
    mu: float | None
    parameters: Mapping[str, float]
    model_in: str | None


def read_cost(folder: Path) -> Cost:
    """Read what an earlier run cost, also from a certificate that is too old to be checked: it was looked at as well.

    Parameters
    ----------
    folder : Path
        A run folder.

    Returns
    -------
    Cost

    Raises
    ------
    UserError
        The certificate cannot be read, so that nobody can say what the run cost.
    """
    path = folder / CERTIFICATE
    try:
        record = parse_json(path.read_bytes())
        mu = record["mu"]
        return Cost(
            str(record["tier"]),
            None if mu is None else float(mu),
            {str(name): float(value) for name, value in record["parameters"].items()},
            record["hashes"].get("model_in"),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is damaged, so what that run cost cannot be charged; restore it from a copy."
        ) from error


def verify_run(folder: Path) -> list[str]:
    """Check a run again: its numbers, its assumptions and every byte of its files.

    Parameters
    ----------
    folder : Path
        A run folder, or an exported one.

    Returns
    -------
    list of str
        One sentence a failure; empty if the run is what it says.

    Raises
    ------
    UserError
        The folder is no run at all.
    """
    if not (folder / CERTIFICATE).is_file():
        raise UserError(f"{folder} has no {CERTIFICATE}; choose the folder of an unlearning run.")
    failures = list(_altered(folder))
    try:
        certificate = read_certificate(folder)
    except UserError as error:
        return [*failures, str(error)]
    if (folder / CERTIFICATE).read_bytes() != certificate.to_text().encode():
        failures.append(f"{CERTIFICATE} is not as it was written: its digest is not that of what it says.")
    failures += _tensor_failures(folder / MODEL, certificate)
    for name, digest in (("model.safetensors", "model_out"), ("model.json", "model_card")):
        path = folder / MODEL / name
        if path.is_file() and sha256_file(path) != certificate.hashes.get(digest):
            failures.append(f"{MODEL}/{name} is not the one that the certificate was given for.")
    return failures + check(certificate) + part_failures(folder, certificate)


def _tensor_failures(model: Path, certificate: Certificate) -> list[str]:
    if not model.is_dir():
        return []
    try:
        found, encoder = tensor_groups(model, certificate.tier), encoder_digest(model)
    except UserError as error:
        return [str(error)]
    listed = {group.names: group for group in certificate.tensors}
    wrong = [group for group in found if listed.pop(group.names, None) != group]
    names = [group.names[0] for group in (*wrong, *listed.values())]
    failures = []
    if names:
        failures.append(f"The certificate does not list the tensors of {MODEL}/ as they are, from {names[0]} on.")
    if encoder is not None and encoder != certificate.hashes.get("public_encoder", encoder):
        failures.append(f"The encoder in {MODEL}/ is not the one that the certificate names as public.")
    return failures


def _write_sums(folder: Path) -> None:
    lines = [f"{sha256_file(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    atomic_write(folder / SUMS, "".join(lines).encode())


def _altered(folder: Path) -> Iterator[str]:
    try:
        lines = (folder / SUMS).read_bytes().decode().removesuffix("\n").split("\n")
        expected = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError):
        yield f"{SUMS} is missing or damaged, so the files cannot be compared with what was written."
        return
    # Where a link leads is outside of what was summed up, and an export would copy it for somebody else.
    links = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink())
    yield from (f"{name} is a link; a run holds files only." for name in links)
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    for name in sorted(expected.keys() | present.keys()):
        if name not in present:
            yield f"{name} is missing."
        elif name not in expected:
            yield f"{name} was added after the run."
        elif sha256_file(present[name]) != expected[name]:
            yield f"{name} was altered after the run."


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / SUMS)
