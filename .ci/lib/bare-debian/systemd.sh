# shellcheck shell=sh disable=SC2016
# The steps on a root with systemd as its first process. Sourced by .ci/bare-debian.

main_pid='systemctl show --property MainPID --value pandoras-express'

check 'systemd is the first process and all its units run' .ci/lib/bare-debian/systemd-runs
check 'supervisor/install-host' supervisor/install-host
check 'curl localhost:8040/ping' sh -c 'test "$(curl -fsS localhost:8040/ping)" = Pong'
check './scripts/smoke' ./scripts/smoke
check 'systemd-analyze security is at most 2.0' \
  sh -c 'systemd-analyze security --no-pager --threshold=20 pandoras-express | grep -E "^✗|Overall"'
check 'every process is confined' .ci/lib/bare-debian/unit-is-confined
check './scripts/scale 3' ./scripts/scale 3
check 'systemctl reload' systemctl reload pandoras-express

check 'new code is published' .ci/lib/bare-debian/publish-change
check 'git pull && ./scripts/reload, under load' \
  node .ci/lib/bare-debian/under-load.ts sh -c 'git pull --quiet && ./scripts/reload'
check 'the new code answers' sh -c 'test "$(curl -fsS localhost:8040/new-route)" = "New code"'

check 'a second install-host without a change fails no request and keeps the counters' \
  node .ci/lib/bare-debian/under-load.ts supervisor/install-host
# Not under load: at its own reload nginx closes idle connections, and a request that a client sends in that moment is reset.
check 'install-host deploys a changed file of nginx' sh -c 'before=$('"$main_pid"') &&
  echo "location = /from-nginx { return 204; }" >>nginx/public.conf && supervisor/install-host &&
  test "$('"$main_pid"')" = "$before"'
check 'the changed file of nginx answers' sh -c 'test "$(curl -sS -o /dev/null -w "%{http_code}" localhost:8040/from-nginx)" = 204'
check 'install-host deploys a changed unit' sh -c 'sed -i "s/^TasksMax=.*/TasksMax=500/" supervisor/host/*.service &&
  supervisor/install-host && test "$(systemctl show --property TasksMax --value pandoras-express)" = 500'
check 'install-host keeps the running stack if the new build does not start' sh -c 'before=$('"$main_pid"') &&
  echo "throw new Error(\"does not start\");" >>packages/cluster-runtime/src/run.ts && ! supervisor/install-host &&
  test "$('"$main_pid"')" = "$before" && curl -fsS localhost:8040/ping'
check 'install-host deploys the original files again' sh -c 'git checkout --quiet . && supervisor/install-host'
check './scripts/down stops the unit' sh -c './scripts/down && ! systemctl is-active pandoras-express && test -z "$(ss -Hltn)"'
check 'systemctl start' sh -c 'systemctl start pandoras-express && .ci/lib/bare-debian/unit-is-ready'
check 'some requests are counted' sh -c 'for i in 1 2 3 4 5 6 7 8 9; do curl -fsS localhost:8040/ping; done &&
  test "$(.ci/lib/bare-debian/pings)" = 9'

say 'Rebooting.'
stop_root 90
boot
check 'after a reboot the stack runs by itself' .ci/lib/bare-debian/unit-is-ready
check 'after a reboot the counters start at 0' sh -c 'test "$(.ci/lib/bare-debian/pings)" = 0'
check './scripts/smoke after the reboot' ./scripts/smoke
check 'supervisor/install-host --remove' supervisor/install-host --remove
check 'nothing of the unit is left' sh -c '! ls -d /etc/systemd/system/*pandoras* /etc/systemd/system/*/*pandoras* /srv/* \
  /var/lib/*pandoras* /run/*pandoras* /var/log/journal/*pandoras* .host 2>/dev/null && ! id pandoras-express 2>/dev/null &&
  test -z "$(ss -Hltn)"'

check 'packages for the specs' .ci/lib/bare-debian/provide-tests
specs unit
