#!/bin/sh
# A systemd that manages units for a test, apart from the one of the system: `unshare -m -p -f --mount-proc sh THIS UNITS`.
# UNITS: a directory of units and drop-ins. Prints "ready"; then carries out each line of its input as a command of
# systemctl, and prints the output, and a line "status: N".
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/systemd/unit-root /run/user/0/systemd/user
cp -r "$1"/. /run/user/0/systemd/user
export XDG_RUNTIME_DIR=/run/user/0
/lib/systemd/systemd --user --unit=basic.target > /run/log 2>&1 < /dev/null &
until systemctl --user is-active --quiet basic.target 2> /dev/null; do sleep 0.1; done
echo ready
while read -r command; do
  # shellcheck disable=SC2086
  systemctl --user --no-pager $command 2>&1 < /dev/null
  echo "status: $?"
done
