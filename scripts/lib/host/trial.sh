# shellcheck shell=sh
# Tries a new build beside a running stack without containers, as `scripts/up` does with containers. Sourced after say.sh, directory.sh
# and stop.sh.

: "${root:?must be set to the checkout before this file is sourced}"

# become_trial: starts the new build in a directory of its own, on free ports. It replaces this shell: call it in a subshell.
become_trial() {
  exec env HOST_DIRECTORY="${host:?find_host sets it}${host_trial:?}" PUBLIC_PORT=0 METRICS_HOST_PORT=0 PROMETHEUS_PORT=0 \
    REMOTE_WRITE_URL='' PROMETHEUS_AGENT='' END_AT_FIRST_FAILURE=1 "$root/scripts/lib/host/up" --detach >/dev/null
}

remove_trial() {
  stack=$host
  host=$host$host_trial
  stop_host
  rm -rf "$host"
  host=$stack
}
