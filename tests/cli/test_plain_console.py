"""A terminal on which names mean nothing."""

from __future__ import annotations

import pytest
from rich.table import Table

from napari_unlearn.cli.plain_console import PlainConsole


@pytest.mark.parametrize("name", ["[/x]", "[bold]x[/bold]", "\x1b[2J\x1b]0;title\x07", "a\x9bm"])
def test_names_from_files_do_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str], name: str) -> None:
    table = Table("Case", title=name)
    table.add_row(name)
    PlainConsole().print(table)
    PlainConsole().print(name)
    shown = capsys.readouterr().out
    assert shown.count(ascii(name)[1:-1]) == 3
    assert not {"\x07", "\x1b", "\x9b"} & set(shown)
