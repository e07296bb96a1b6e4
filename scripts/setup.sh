#!/usr/bin/env bash
# Sets up everything `make demo` and `make test` need, from a Debian machine that has git, make and Python 3.11.
# Safe to run again at any time: what is there is left alone, and nothing is done when nothing has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp=$venv/.set-up
# A virtual screen with its key, software OpenGL, and the libraries that Qt loads when it starts on X11.
system_packages=(
    xvfb xauth
    libegl1 libgl1 libgl1-mesa-dri libglx-mesa0 libopengl0
    libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
    libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1
)

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@" 2>/dev/null
    fi
}

apt_install() {
    as_root true || return 1
    say "Installing system packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 update || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y \
        --no-install-recommends "$@" >/dev/null
}

# Newer releases append t64 to the names of libraries; they are the same libraries.
missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sed 's/t64$//' | sort -u)
}

set_up_system() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
    local missing
    mapfile -t missing < <(missing_packages "${system_packages[@]}")
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" ||
        say "Please ask an administrator to run: apt-get install ${missing[*]}"
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    say "napari-unlearn needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3.11"
    return 1
}

create_venv() {
    local python package
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if ! command -v apt-get >/dev/null || ! apt_install "$package"; then
            say "Python's venv module is missing; please ask an administrator to run: apt-get install $package"
            return 1
        fi
    fi
    "$python" -m venv --clear "$venv"
}

pip_install() {
    local output=--quiet
    [ -t 1 ] && output=--progress-bar=on
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input install "$output" "$@"
}

install_project() {
    pip_install --upgrade "pip>=25.1" || return
    # The lock names every package with its hash, for all systems and versions of Python that there were when it was made.
    pip_install --no-deps --require-hashes --requirement requirements.lock ||
        say "Not everything in requirements.lock could be installed here; taking the newest versions that fit instead."
    pip_install --editable ".[app]" --group dev
}

# A virtual environment does not survive being moved: its scripts go on naming the old folder.
venv_is_sound() {
    grep -qsF "$(pwd -P)/$venv" "$venv/bin/activate" && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

set_up_python() {
    local wanted
    wanted="$(cat pyproject.toml requirements.lock scripts/setup.sh | cksum) $(pwd -P)"
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x "$venv/bin/napari-unlearn" ] && return
    venv_is_sound || create_venv
    rm -f "$stamp"
    say "Installing Python packages into $venv (several gigabytes the first time, most of it PyTorch)."
    if ! install_project; then
        say "That failed; trying once more."
        sleep 10
        install_project || {
            say "The Python packages could not be installed; check the network and the disk, then run the same command again."
            return 1
        }
    fi
    printf '%s' "$wanted" >"$stamp"
}

set_up_system
set_up_python
