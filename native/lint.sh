#!/usr/bin/env bash
# Checks the form of the C++ (clang-format) and what it says (clang-tidy, .clang-tidy).
set -euo pipefail
cd "$(dirname "$0")/.."

clang-format --dry-run -Werror native/*/*.h native/*/*.cc
include=$(node -p "require('node-addon-api').include_dir")
headers=$(node -p "require('node:path').join(process.execPath, '../../include/node')")
check() {
  clang-tidy --quiet --warnings-as-errors='*' "$@" -- -std=c++17 -Inative -isystem "$include" -isystem "$headers" \
    -DNAPI_VERSION=8 -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS -DNODE_ADDON_API_DISABLE_DEPRECATED \
    -DNODE_GYP_MODULE_NAME=multisocket -fno-exceptions -fno-rtti
}
export include headers
export -f check
printf '%s\0' native/*/*.cc | xargs -0 -P "$(nproc)" -n 5 bash -c 'check "$@"' check
