# Sourced by scripts that run tests with another build of the addon: `use_addon DIRECTORY` puts that build in the place of the
# usual one until the script ends. Tests learn which one it is from TEST_ADDON, the name of the directory.
use_addon() {
  local usual=build/Release/multisocket.node
  cp "$usual" "$1/usual.node"
  # Renamed and not copied over: a process that has loaded the file keeps it.
  # shellcheck disable=SC2064
  trap "mv -f '$PWD/$1/usual.node' '$PWD/$usual'" EXIT
  cp "$1/build/Release/multisocket.node" "$1/in-use.node"
  mv -f "$1/in-use.node" "$usual"
  export TEST_ADDON=$1
}
