#!/bin/sh
# Installs PyTorch beside this script, builds Impasto, runs both in turn and prints the ratio table.
# Arguments go to compare.py, or after the word `patches`, `training` or `time_to_objective` to the script
# compare_WORD.py: --help lists them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"

case "${1:-}" in
patches | training)
    what=$1
    shift
    exec "$venv/bin/python" "$here/compare_$what.py" "$@"
    ;;
time_to_objective)
    what=compare_time_to_objective
    shift
    ;;
*) what=compare ;;
esac

(cd "$here/../.." && cargo build --release -p impasto-cli)
exec "$venv/bin/python" "$here/$what.py" "$@"
