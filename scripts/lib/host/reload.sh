# shellcheck shell=sh
# Brings the code of the checkout to a running stack without containers. Sourced after say.sh, npm.sh, node.sh, directory.sh, build.sh
# and ../operate.sh.

: "${root:?must be set to the checkout before this file is sourced}"

# reload_host: builds, checks nginx' files, and replaces the workers. If a new worker does not become ready, the build before is used
# again.
reload_host() {
  require_node
  previous=${host:?find_host sets it}/$(readlink "$host/app")
  # The primary keeps the code of the build with which it started.
  started=$(cat "$(host_variable RUN_DIRECTORY)/build")
  build_host
  check_nginx "${build:?build_host sets it}"
  use_build "$build"
  operate_on_host reload || {
    use_build "$previous"
    rm -rf "$build"
    fail "the new workers did not become ready, so the stack keeps the code that it had; the reason is above and in the log of the app"
  }
  same nginx || signal_program nginx HUP
  same prometheus || signal_program prometheus HUP
  { same packages && same node_modules && same supervisor; } || {
    say "warning: files of the primary or of supervisord changed too (packages/, supervisor/ or an npm package)."
    say "  They take effect at the next start of the stack, which resets the counters."
  }
  remove_old_builds "$build" "$started"
}

# same PART: whether the new build has the same PART as the one before.
same() {
  diff -r -q "$previous/$1" "$build/$1" >/dev/null 2>&1
}

# check_nginx BUILD: fails if nginx rejects the configuration of the build, and removes that.
check_nginx() {
  # nginx opens its stdout again, which only the user that created it may do.
  # shellcheck disable=SC2016
  env -i "$root/scripts/lib/host/in-stack" "$host" sh -c \
    'nginx -t -q -p "$NGINX_PREFIX" -e stderr -c "$1" >"$RUN_DIRECTORY/nginx-test"' nginx "$1/nginx/nginx.conf" || {
    rm -rf "$1"
    fail "nginx rejects its configuration; its error is above" "Nothing was changed. Correct the file in nginx/ and run the script again."
  }
}

# signal_program PROGRAM SIGNAL
signal_program() {
  env -i "$root/scripts/lib/host/in-stack" "$host" supervisorctl --configuration "$host/app/supervisor/supervisord.conf" \
    signal "$2" "$1" >&2
}
