#!/bin/sh
# Trains the recipe beside this file with all that lies here; nothing is installed and nothing is fetched.
#   ./train.sh                    on the GPU, or without one on the CPU
#   ./train.sh --engine webgpu    on the GPU or not at all
#   ./train.sh --resume           goes on after an interruption
# Whatever `pnpm train` understands may follow. When it ends, runs.tar.gz holds the runs: take that file home and
# give it to `pnpm gpu:unpack`.
cd "$(dirname "$0")" || exit 1
LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$PWD/lib" ./node trainer/train.mjs recipe.yml --out runs "$@"
status=$?
[ -d runs ] && tar -czf runs.tar.gz manifest.json runs && echo "The runs are in $PWD/runs.tar.gz"
exit $status
