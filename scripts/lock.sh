#!/bin/bash
# Renew what pins the dependencies, after a change in pyproject.toml; needs uv. Versions that still fit are kept.
#   requirements.lock      versions of everything, torch and its CUDA packages among them, used as a constraint
#   requirements-run.lock  hashes of what a sweep needs; requirements-dev.lock: of what tests and linters need as well
# torch comes in builds for CPUs and for each CUDA, with hashes of their own: its version is pinned, not its files.
set -euo pipefail
cd "$(dirname "$0")/.."
TORCH='^(torch|triton|cuda-[a-z0-9-]+|nvidia-[a-z0-9-]+)=='
BUILD=$(mktemp --suffix .in)
trap 'rm -f "$BUILD"' EXIT
printf 'hatchling>=1.25\neditables\n' >"$BUILD" # what makes an installation of varexp that can be edited

# compile OUTPUT WORD...: the pins of one file
compile() { uv pip compile --quiet pyproject.toml "$BUILD" --universal --no-annotate --no-header -o "$@"; }

compile requirements.lock --extra dev --extra slurm -c <(echo torch==2.13.0)
mapfile -t others < <(grep -oE "$TORCH" requirements.lock | sed 's/==//; s/^/--no-emit-package=/')
compile requirements-run.lock -c requirements.lock --generate-hashes "${others[@]}"
compile requirements-dev.lock -c requirements.lock --generate-hashes "${others[@]}" --extra dev --extra slurm
