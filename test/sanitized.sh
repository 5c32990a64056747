#!/usr/bin/env bash
# Builds the addon with a sanitizer (address or thread) beside the usual one, loads it into Node as it is, and runs tests
# against it: those named, or all in which native code has a part and that have no sanitizers of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

sanitizer=$1
shift
out=build-$sanitizer
mkdir -p "$out"
rm -rf "$out/native"
cp -r package.json binding.gyp native "$out/"
[ -e "$out/node_modules" ] || ln -s ../node_modules "$out/node_modules"
npx node-gyp rebuild --silent --directory "$out" -- -Dsanitizer="$sanitizer"
npm run --silent build:js
npm run --silent build:test

tests=("$@")
if [ $# -eq 0 ]; then
  tests=(dist-test/native/{check-stream,datagram-batch}.test.js 'dist-test/{socket,transport,message,server,tune}/*.test.js'
    'dist-test/plugins/{cache,forward}/*.test.js')
fi
# A finding ends the process that it is found in, the one of mocha or one of its children, and fails the test.
case $sanitizer in
  address)
    # What V8 has not freed when the process ends is no leak of ours: leaks are looked for by the tests of descriptors and memory.
    library=libasan.so options=(ASAN_OPTIONS=detect_leaks=0)
    ;;
  thread)
    # Node's own code is not built for it: what it does, and what it calls, is not looked at.
    library=libtsan.so options=(TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1")
    ;;
esac
env MULTISOCKET_PREBUILD="$PWD/$out" LD_PRELOAD="$("${CXX:-g++}" -print-file-name="$library")" "${options[@]}" \
  setarch -R node node_modules/mocha/bin/mocha.js --no-config --timeout 60000 --reporter spec \
  --require ./dist-test/support/end-failed-run.js "${tests[@]}"
