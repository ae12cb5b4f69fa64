# shellcheck shell=sh
# Sourced after directory.sh.

# print_addresses: prints where a stack without containers answers, as `scripts/up` does with containers.
print_addresses() {
  cat <<END
Ready.
  http://localhost:$(host_variable PUBLIC_PORT)/          the app
  http://localhost:$(host_variable METRICS_HOST_PORT)/metrics   the metrics of all workers
END
  [ -z "$(host_variable PROMETHEUS)" ] ||
    echo "  http://localhost:$(host_variable PROMETHEUS_PORT)/          Prometheus"
}
