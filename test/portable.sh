#!/usr/bin/env bash
# Builds the addon with the portable datagram path (recvmsg and sendmsg, as on systems without recvmmsg) beside the usual
# one, and runs the tests that move datagrams against it.
set -euo pipefail
cd "$(dirname "$0")/.."
source test/other-addon.sh

out=build-portable
mkdir -p "$out"
rm -rf "$out/native"
cp -r package.json binding.gyp native "$out/"
[ -e "$out/node_modules" ] || ln -s ../node_modules "$out/node_modules"
npx node-gyp rebuild --silent --jobs max --directory "$out" -- -Dportable=true
npm run --silent build:js
npm run --silent build:test
use_addon "$out"
npx mocha --reporter dot \
  dist-test/server/{cache,client-options,clients,cookies,handlers,hand-over,hostile,lifecycle,listen-addresses,resize}.test.js \
  dist-test/native/datagrams.test.js
