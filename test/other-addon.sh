# Sourced by scripts that run tests with another build of the addon: `use_addon DIRECTORY` lets all programs load that build.
# Tests learn which one it is from TEST_ADDON, the name of the directory.
use_addon() {
  export MULTISOCKET_ADDON=$PWD/$1/build/Release/multisocket.node TEST_ADDON=$1
}
