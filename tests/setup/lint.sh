#!/bin/bash
# `make lint`: what `.ci/run` asks for before it runs a test.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh
. tests/setup/steps.sh
# shellcheck disable=SC2046
need_cargo $(for_node) $(for_lints) || exit 2
need_node || exit 2
lints
total
