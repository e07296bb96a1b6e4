"""What strangers may do to a file, and what must come of it: it opens, or one sentence names it."""

from __future__ import annotations

import builtins
import contextlib
import copy
import io
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from napari_unlearn.errors import UserError

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("NAPARI_UNLEARN_FUZZ", "25"))
"""Inputs a reader; more by the environment variable."""
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a smaller seed is no simpler input
    derandomize="NAPARI_UNLEARN_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
seeds = st.integers(0, 2**63)
# What breaks readers: no numbers, huge ones, other types, names that lead elsewhere, formulas.
NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**70), 10**400, 1e308, -1e308, float("nan"), float("inf"), 0.5, "",
    " ", "x", "0", "nan", "../../etc/passwd", "/etc/passwd", "C:\\x", "=1+1", "@SUM(A1)", "a\nb", "\x00", "\x1b[2J",
    "\u202e", "é" * 200, "x" * 5000, [], {}, [[]], [None], ["a", "a"], {"a": None}, [1, 2, 3], ["../x"] * 3,
)  # fmt: skip
TEXTS = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b'"', b"[" * 50_000, b"=1+1", b"../../x", b"NaN", b"1e999",
    b"9" * 5000, b"-1", b"\xc3", b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b";", b",", b"\t",
)  # fmt: skip


def damaged(data: bytes, seed: int) -> bytes:
    """Change, cut, double or splice bytes of a file."""
    rng = random.Random(seed)
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        # Headers are where it is decided how the rest is read.
        place = rng.randrange(min(len(changed), rng.choice((32, 512, 1 << 30))) + 1)
        match rng.randrange(6):
            case 0:
                changed[place : place + 1] = bytes([rng.randrange(256)])
            case 1:
                changed[place : place + 1] = (
                    bytes([changed[place] ^ (1 << rng.randrange(8))]) if place < len(changed) else b""
                )
            case 2:
                del changed[place : place + rng.choice((1, 4, 100, 1 << 30))]
            case 3:
                changed[place:place] = rng.choice(TEXTS)
            case 4:
                changed[place : place + 4] = rng.choice(
                    (b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
                )
            case 5:
                start = rng.randrange(len(changed) + 1)
                changed[place:place] = changed[start : start + rng.choice((1, 10, 200))]
    return bytes(changed)


def reworded(record: Any, seed: int) -> Any:
    """Replace, drop or add something anywhere in what a JSON or TOML file says."""
    rng = random.Random(seed)
    record = copy.deepcopy(record)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        spots: list[tuple[Any, Any]] = []
        pending = [record]
        while pending:
            node = pending.pop()
            children = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
            for key, child in children:
                spots.append((node, key))
                if isinstance(child, dict | list):
                    pending.append(child)
        if not spots:
            return rng.choice(NASTY)
        node, key = rng.choice(spots)
        match rng.randrange(8):
            case 0:
                del node[key]
            case 1 if isinstance(node, dict):
                node[rng.choice(("x", "", "format", "../x"))] = rng.choice(NASTY)
            case 2:
                node[key] = [copy.deepcopy(node[key])] * 3
            case _:
                node[key] = copy.deepcopy(rng.choice(NASTY))
    return record


def text_of(record: Any) -> bytes:
    """JSON of a record, also where JSON has no such number."""
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(record, indent=1).encode("utf-8", "surrogatepass")
    finally:
        sys.set_int_max_str_digits(4300)


@contextlib.contextmanager
def confined(folder: Path) -> Iterator[list[str]]:
    """Note what is opened that is neither in a folder nor a part of Python or of an installed package."""
    opened: list[str] = []
    places = (
        folder,
        sys.prefix,
        sys.base_prefix,
        "/usr",
        "/proc",
        "/sys",
        "/dev/null",
        "/dev/urandom",
        HERE.parents[1],
    )
    known = tuple(os.path.realpath(place) for place in places)
    real, low = io.open, os.open

    def watch(path: Any) -> None:
        if not isinstance(path, int) and not os.path.realpath(os.fsdecode(path)).startswith(known):
            opened.append(os.fsdecode(path))

    def watched(file: Any, *args: Any, **options: Any) -> Any:
        watch(file)
        return real(file, *args, **options)

    def watched_low(path: Any, *args: Any, **options: Any) -> int:
        watch(path)
        return low(path, *args, **options)

    io.open = builtins.open = watched  # type: ignore[assignment]
    os.open = watched_low
    try:
        yield opened
    finally:
        io.open = builtins.open = real
        os.open = low


def opens_or_says(read: Callable[[], object], folder: Path) -> bool:
    """Whether a reader opens what is in a folder; if not, it must say so in one sentence that names a file in it."""
    with confined(folder) as opened:
        try:
            read()
            result = True
        except UserError as error:
            sentence = str(error)
            assert str(folder) in sentence or os.path.realpath(folder) in sentence, sentence
            assert sentence.rstrip()[-1] in ".…?", sentence
            assert "\n" not in sentence.strip(), sentence
            assert len(sentence) < 2000, sentence
            result = False
    assert opened == [], "Something outside was touched."
    return result
