from __future__ import annotations

import pickle

from napari_unlearn.jobs.events import Done, Failed
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.calls import Call, events


def test_the_value_of_the_function_is_the_result() -> None:
    call = pickle.loads(pickle.dumps(Call("math", "hypot", (3.0, 4.0), "Measuring")))
    *_, last = events(call, Token())
    assert isinstance(last, Done)
    assert last.result == 5.0


def test_what_the_function_raises_is_a_failure() -> None:
    *_, last = events(Call("math", "sqrt", (-1.0,)), Token())
    assert isinstance(last, Failed)
