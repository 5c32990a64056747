#!/usr/bin/env bash
# Builds the addon as on systems other than Linux beside the usual one: it moves datagrams by recvmsg and sendmsg, and Node's `net`
# accepts connections. Runs the tests of both against it, or those named. BUILT=1: dist/ and dist-test/ are those of this tree.
set -euo pipefail
cd "$(dirname "$0")/.."
source test/other-addon.sh

out=build-portable
mkdir -p "$out"
rm -rf "$out/native"
cp -r package.json binding.gyp native "$out/"
[ -e "$out/node_modules" ] || ln -s ../node_modules "$out/node_modules"
npx node-gyp rebuild --silent --jobs max --directory "$out" -- -Dportable=true
if [ -z "${BUILT:-}" ]; then
  npm run --silent build:js
  npm run --silent build:test
fi
use_addon "$out"
tests=("$@")
if [ $# -eq 0 ]; then
  tests=(dist-test/server/{cache,client-options,clients,cookies,handlers,hand-over,hostile,lifecycle,listen-addresses,resize}.test.js
    dist-test/server/{descriptors,proxy-protocol,tcp,tcp-bounds}.test.js dist-test/worker/stream/*.test.js dist-test/native/datagrams.test.js)
fi
npx mocha --reporter dot "${tests[@]}"
