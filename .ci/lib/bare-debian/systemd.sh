# shellcheck shell=sh disable=SC2016
check 'systemd is running' sh -c 'timeout 60 systemctl is-system-running --wait'
check 'supervisor/install-host' supervisor/install-host
check 'curl localhost:8040/ping' sh -c 'test "$(curl -fsS localhost:8040/ping)" = Pong'
check './scripts/smoke' ./scripts/smoke
