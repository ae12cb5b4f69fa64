# shellcheck shell=sh disable=SC2016
# The steps on a root without an init system: the commands of the README first. Sourced by .ci/bare-debian.

check './scripts/up --host --detach' ./scripts/up --host --detach
check 'curl localhost:8040/ping' sh -c 'test "$(curl -fsS localhost:8040/ping)" = Pong'
check './scripts/smoke' ./scripts/smoke
check './scripts/scale 3' ./scripts/scale 3
check './scripts/reload' ./scripts/reload
check './scripts/down' ./scripts/down
check 'nothing of the stack is left' sh -c 'test -z "$(ss -Hltn)" && ! grep -l "^Uid:.$(id -u pandoras-express)" /proc/[0-9]*/status'
check 'packages for the specs' .ci/lib/bare-debian/provide-tests
specs host
