#!/usr/bin/env bash
# Builds the addon with a sanitizer (address or thread) beside the usual one, loads it into Node as it is, and runs tests
# against it: those named, or all in which the addon has a part. Its last line says how many passed and whether the
# sanitizer has reported anything; it ends with 0 only when all did and it has not.
set -euo pipefail
cd "$(dirname "$0")/.."
source test/other-addon.sh

sanitizer=$1
shift
out=build-$sanitizer
mkdir -p "$out"
rm -rf "$out/native"
cp -r package.json binding.gyp native "$out/"
[ -e "$out/node_modules" ] || ln -s ../node_modules "$out/node_modules"
npx node-gyp rebuild --silent --jobs max --directory "$out" -- -Dsanitizer="$sanitizer"
npm run --silent build:js
npm run --silent build:test

# Of test/native, the others load no addon: they build programs with sanitizers of their own, which neither such a
# program nor its compiler could run under beside the one that is loaded here.
tests=("$@")
if [ $# -eq 0 ]; then
  tests=(dist-test/native/{check-stream,datagrams}.test.js 'dist-test/{socket,message,server,tune}/*.test.js' 'dist-test/worker/**/*.test.js'
    'dist-test/directives/{cache,forward}/*.test.js')
fi
# A finding ends the process that it is found in, the one of mocha or one of its children, and is written to a file of
# its own: whether a test minds how a child ends makes no difference.
reports=$PWD/$out/reports
rm -rf "$reports"
mkdir "$reports"
case $sanitizer in
  address)
    # What V8 has not freed when the process ends is no leak of ours: leaks are looked for by the tests of descriptors and memory.
    library=libasan.so options=(ASAN_OPTIONS="detect_leaks=0 log_path=$reports/report")
    ;;
  thread)
    # Node's own code is not built for it: what it does, and what it calls, is not looked at.
    library=libtsan.so options=(TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 log_path=$reports/report")
    ;;
esac
status=0
use_addon "$out"
env LD_PRELOAD="$("${CXX:-g++}" -print-file-name="$library")" "${options[@]}" \
  setarch -R node node_modules/mocha/bin/mocha.js --no-config --timeout 60000 --reporter spec \
  --require ./dist-test/support/mocha-hooks.js "${tests[@]}" | tee "$out/tests.log" || status=$?

counted() { sed -nE "s/^  ([0-9]+) $1.*/\1/p" "$out/tests.log" | tail -n 1; }
passed=$(counted passing) failed=$(counted failing) found=$(find "$reports" -type f | wc -l)
find "$reports" -type f -exec cat {} +
echo "sanitizer $sanitizer: ${passed:-0} tests passed, ${failed:-0} failed, mocha ended with $status; reports: ${found/#0/none}"
[ "$status" -eq 0 ] && [ "${passed:-0}" -gt 0 ] && [ "$found" -eq 0 ]
