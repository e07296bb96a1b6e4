#!/usr/bin/env bash
# Builds what a release consists of and tries the wheel where nothing of this folder can be seen:
#   scripts/wheel.sh             in an empty environment, with the versions of requirements.lock, which pip downloads
#   scripts/wheel.sh --newest    the same with the newest versions that fit: what users get today
#   scripts/wheel.sh --linked    among links to those packages of .venv that the wheel asks for; nothing is downloaded
# It runs the demo without a window, then asks napari for the plugin and, where there is xvfb-run, opens its window.
# The first two leave wheel and source distribution in dist/, once the wheel has passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:---locked}
python=$(pwd -P)/.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
empty=$work/environment
source=$PWD

say() { printf '%s\n' "$*" >&2; }
files_of() { "$python" -m zipfile --list "$1" | awk 'NR > 1 { print $1, $NF }' | sort; }

# The wheel of a release is built from the source distribution, and must be the one that this folder gives.
"$python" -m build --no-isolation --outdir "$work/dist" . >/dev/null
"$python" -m build --no-isolation --wheel --outdir "$work/direct" . >/dev/null
wheel=$(ls "$work"/dist/*.whl)
diff <(files_of "$wheel") <(files_of "$work"/direct/*.whl)

SECONDS=0
case $mode in
--linked)
    "$python" scripts/linked_environment.py "$empty" "$wheel"
    ;;
--locked | --newest)
    "$python" -m venv "$empty"
    sed -n 's/^\([A-Za-z0-9].*[^ ]\) *\\$/\1/p' requirements.lock >"$work/versions"
    [ "$mode" = --locked ] || : >"$work/versions"
    "$empty/bin/python" -m pip --no-input install --quiet --constraint "$work/versions" "$wheel"
    ;;
*)
    say "There is no way $mode to try the wheel; choose --newest or --linked, or give none."
    exit 2
    ;;
esac
say "Installed in $SECONDS s, $(du -sh "$empty" | cut -f1)."
"$python" -m pip --python "$empty/bin/python" check

# Away from the source, and with no cache of an earlier run.
mkdir "$work/away"
cd "$work/away"
export HOME=$work/home XDG_CACHE_HOME=$work/cache
unset PYTHONPATH
"$empty/bin/python" - <<END
import sys, napari_unlearn
assert napari_unlearn.__file__.startswith(sys.prefix), napari_unlearn.__file__
END
SECONDS=0
"$empty/bin/napari-unlearn" demo --headless 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
say "The demo took $SECONDS s."
TIMEFORMAT='napari-unlearn --help took %R s, of which %U + %S s of processor time.'
time "$empty/bin/napari-unlearn" --help >/dev/null

# The same with a window, which a wheel brings only to those who ask for it.
SECONDS=0
if [ "$mode" = --linked ]; then
    "$python" "$source/scripts/linked_environment.py" "$empty" "$wheel" app
else
    "$empty/bin/python" -m pip --no-input install --quiet --constraint "$work/versions" "$wheel[app]"
fi
"$python" -m pip --python "$empty/bin/python" check
"$empty/bin/python" -P "$source/scripts/wheel_window.py" manifest
if command -v xvfb-run >/dev/null; then
    xvfb-run -a -s "-screen 0 1920x1080x24" env QT_QPA_PLATFORM=xcb \
        "$empty/bin/python" -P "$source/scripts/wheel_window.py" window
else
    say "There is no xvfb-run here, so the window was not tried."
fi
say "With the window: $SECONDS s, $(du -sh "$empty" | cut -f1)."

[ "$mode" = --linked ] || { mkdir -p "$source/dist" && cp "$work"/dist/* "$source/dist/"; }
