"""How long it takes from the end of a stroke to the certified state that answers it, beside a refit from scratch.

    python benchmarks/live_unlearning.py [--folder FOLDER] [--cases 500] [--size 256] [--strokes 40] [--swaps 8]

FOLDER is where the data set (drawn) and its coarse model are made, or found from last time; a temporary one by default.
The account of what was shown is kept in a folder of its own, so that earlier measurements are not charged.
Strokes are those of a brush, a third of them on cases that nobody had refined, with a pause after each as a person
makes it. Every time is given twice: by the clock, which other programs lengthen, and in seconds of processor time over
the number of threads, which comes close to the clock of an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.sample import sample_folder
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.jobs import live, train
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.live_inbox import Inbox
from napari_unlearn.jobs.token import Token
from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.privacy.verification import check

RESULTS = Path(__file__).parent / "results" / "live_unlearning.json"
THREADS = torch.get_num_threads()


def make(folder: Path, cases: int, size: int) -> tuple[Dataset, Path]:
    if not (folder / "dataset").exists():
        write_sample(folder / "dataset", cases=cases, size=size, fine=0.1)
    if not (folder / "model").exists():
        encoder = str(sample_folder() / "encoder.safetensors")
        *_, last = train.events(train.TrainRequest(folder / "dataset", folder / "model", encoder=encoder), Token())
        assert isinstance(last, Done), last
    return open_dataset(folder / "dataset"), folder / "model"


def brush(fine: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Trim with a brush of a sixteenth of the image along a short line that starts on the mask."""
    rows, columns = np.nonzero(fine)
    k = rng.integers(len(rows))
    height, width = fine.shape
    y, x = np.mgrid[:height, :width]
    angle, radius, out = rng.uniform(0, 2 * np.pi), height / 32, fine.copy()
    for distance in np.arange(0, height / 10, radius / 2):
        centre = rows[k] + distance * np.sin(angle), columns[k] + distance * np.cos(angle)
        out[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2] = 0
    return out


class Clocks:
    """Wall clock and processor clock, since now."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    @property
    def read(self) -> tuple[float, float]:
        """Seconds by the clock, and of processor time over the number of threads."""
        return time.perf_counter() - self._wall, (time.process_time() - self._processor) / THREADS


def summary(times: list[tuple[float, float]]) -> dict[str, float]:
    wall, processor = np.array(times).T
    return {
        "median": float(np.median(wall)),
        "p95": float(np.quantile(wall, 0.95)),
        "median_processor": float(np.median(processor)),
        "p95_processor": float(np.quantile(processor, 0.95)),
    }


def session(dataset: Dataset, model: Path, runs: Path, options: argparse.Namespace) -> dict[str, Any]:
    inbox, mail = Inbox(), queue.Queue[Event]()
    captured: list[Any] = []
    residuals: list[float] = []
    usual = live._Session.answer

    def capture(self: Any) -> Any:
        captured.append(self)
        release = self._release

        # No record tells what was reached, because the noise of a state does not hide it.
        def watched() -> Any:
            residuals.append(float(self._state.objective.gradient().norm()))
            return release()

        self._release = watched
        return usual(self)

    live._Session.answer = capture  # type: ignore[method-assign]
    request = live.LiveRequest(dataset.root, model, runs, inbox, device="cpu", counterfactual=options.swaps)

    def work() -> None:
        for event in live.events(request, Token()):
            mail.put(event)

    clocks = Clocks()
    thread = threading.Thread(target=work)
    thread.start()

    def state(generation: int) -> live.LiveState:
        while True:
            event = mail.get()
            if isinstance(event, live.LiveState):
                assert check(event.record) == []
                if event.generation >= generation:
                    return event
            elif not isinstance(event, Progress):
                raise SystemExit(f"The session ended: {event}")

    state(0)
    ready = clocks.read
    rng = np.random.default_rng(0)
    cases = dataset.split("train")
    known = {case.id: case.fine() for case in cases if case.is_refined}
    fresh = [case for case in cases if not case.is_refined]
    times, passes, load = [], [], []
    for k in range(options.strokes):
        case: Case = fresh.pop(0) if k % 3 == 2 else dataset.case(list(known)[int(rng.integers(len(known)))])
        fine = known.get(case.id)
        inbox.look(case)
        time.sleep(options.pause)
        while not mail.empty():
            mail.get()
        known[case.id] = brush(case.coarse() if fine is None else fine, rng)
        clocks = Clocks()
        shown = state(inbox.stroke(case, known[case.id]))
        times.append((shown.seconds, clocks.read[1]))
        passes.append(shown.passes)
        load.append(os.getloadavg()[0])
        print(
            f"{case.id}  {shown.seconds:5.2f} s  {times[-1][1]:5.2f} s of processor  {shown.passes} passes", flush=True
        )
    last = shown
    inbox.close()
    thread.join()
    live._Session.answer = usual  # type: ignore[method-assign]
    objective = captured[0]._state.objective
    measured = []
    for _ in range(5):
        clocks = Clocks()
        objective.measure()
        measured.append(clocks.read)
    rows = sum(int((chunk.a > 0).sum()) for _, chunk in objective.rows.chunks())
    held = sum(chunk.x.numel() * 4 for _, chunk in objective.rows.chunks())
    result = {
        "cases": len(cases), "refined": len(known), "pixels": rows, "features": objective.rows.width,
        "classes": objective.rows.classes, "strokes": len(times), "swaps": options.swaps, "threads": THREADS,
        "load": float(np.median(load)), "getting_ready": {"seconds": ready[0], "processor": ready[1]},
        "stroke": summary(times), "passes": {"median": float(np.median(passes)), "most": int(max(passes))},
        "floor": summary(measured), "feature_bytes": held,
        "residual": {"bound": request.residual, "median": float(np.median(residuals)), "most": float(max(residuals))},
        "sigma": last.record.parameters["sigma"], "epsilon": last.record.epsilon, "states": last.state,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }  # fmt: skip
    if not options.skip_cold:
        result["cold"] = cold(objective, request.residual)
    return result


def cold(objective: Any, bound: float) -> dict[str, float]:
    """The same pixels from zero, by Newton's method with conjugate gradients, as a run of the operator does it."""
    factors = objective.factors()
    parts = [
        (chunk.x[chunk.a > 0], chunk.y[chunk.a > 0], (chunk.a * factors[kind])[chunk.a > 0])
        for kind, chunk in objective.rows.chunks()
    ]
    x, y, a = (torch.cat([part[k] for part in parts]).numpy() for k in range(3))
    problem = ConvexProblem(PixelSet(x, y, a), objective.rows.classes, objective.strength)
    clocks = Clocks()
    *_, last = problem.newton(np.zeros(problem.shape), 60, bound)
    wall, processor = clocks.read
    return {"seconds": wall, "processor": processor, "residual": last.residual}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--strokes", type=int, default=40)
    parser.add_argument("--swaps", type=int, default=8)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds before a stroke")
    parser.add_argument("--skip-cold", action="store_true", help="leave the refit from scratch out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        result = session(*make(folder, options.cases, options.size), Path(temporary) / "runs", options)
    stroke, floor = result["stroke"], result["floor"]
    result["share_of_floor"] = floor["median_processor"] / stroke["median_processor"]
    if "cold" in result:
        result["times_faster_than_cold"] = result["cold"]["processor"] / stroke["median_processor"]
    print(json.dumps(result, indent=2))
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[f"{options.cases} cases, {options.size} px, {options.swaps} swaps"] = result
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
