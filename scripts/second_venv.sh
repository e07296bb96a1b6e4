#!/usr/bin/env bash
# Sets up a second environment to run the tests of the window in:
#   scripts/second_venv.sh pyside    .venv-pyside: what .venv holds, but PySide6 in place of PyQt6
#   scripts/second_venv.sh oldest    .venv-oldest: the oldest version of everything that pyproject.toml allows
# Needs .venv. Safe to run again: nothing is done when nothing has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=$1
venv=.venv-$kind
stamp=$venv/.set-up
wanted="$(cat pyproject.toml requirements.lock scripts/second_venv.sh | cksum) $(pwd -P)"
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit

printf '%s\n' "Installing Python packages into $venv." >&2
# uv can choose the oldest versions, pip cannot. It keeps its hands off .venv itself.
.venv/bin/python -m pip install --quiet uv
pip() { .venv/bin/uv pip "$1" --quiet --python "$venv/bin/python" "${@:2}"; }
.venv/bin/python -m venv --clear --without-pip "$venv"

case $kind in
pyside)
    packages=lib/$(ls .venv/lib)/site-packages
    # Hard links: the copy takes no space, and installing replaces files rather than writing into them.
    cp -al ".venv/$packages/." "$venv/$packages/" 2>/dev/null || cp -a ".venv/$packages/." "$venv/$packages/"
    pip uninstall pyqt6 pyqt6-qt6 pyqt6-sip
    pip install --requirement pyproject.toml --extra pyside
    pip install --no-deps --reinstall --editable . # the command, for tests that call it
    ;;
oldest)
    pip install --resolution lowest-direct --editable ".[app,export,scale]" --group test
    ;;
*)
    printf '%s\n' "There is no environment $kind; choose pyside or oldest." >&2
    exit 2
    ;;
esac
printf '%s' "$wanted" >"$stamp"
