#!/bin/sh
# For a machine with an NVIDIA card and its Vulkan driver: runs the tests of the engine for graphics cards on it, then
# Impasto and PyTorch in turn, and prints a table of both. Arguments go to compare_gpu.py: --help lists them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/venv.sh"
(
    cd "$here/../.."
    cargo test --release -p impasto-wgpu
    cargo build --release -p impasto-cli --features gpu
)
exec "$venv/bin/python" "$here/compare_gpu.py" "$@"
