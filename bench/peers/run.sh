#!/bin/sh
# Installs PyTorch beside this script, builds Impasto, runs both in turn and prints the ratio table.
# Arguments go to compare.py: run.sh --help lists them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/.venv
cpu_builds=https://download.pytorch.org/whl/cpu

# The copy of the requirements says that the installation finished, and with which versions.
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv"
    # PyTorch's own index has the CPU build alone. The default build computes the same on the CPU, but is
    # several GB larger.
    "$venv/bin/pip" install --quiet --retries 0 --no-deps --index-url "$cpu_builds" \
        "$(grep '^torch==' "$here/requirements.txt")" ||
        echo "No CPU build of PyTorch from $cpu_builds: installing the default build." >&2
    "$venv/bin/pip" install --quiet -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi

(cd "$here/../.." && cargo build --release -p impasto-cli)
exec "$venv/bin/python" "$here/compare.py" "$@"
