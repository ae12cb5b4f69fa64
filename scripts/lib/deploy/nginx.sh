# shellcheck shell=sh
# nginx and the other services in a deploy. Sourced after say.sh.

# nginx' directory for its files, and its configuration: nginx/ of the checkout, mounted read-only.
nginx_files="-p /tmp -e stderr -c /etc/nginx/pandoras-express/nginx.conf"

# test_nginx: whether the running nginx accepts the files of the checkout.
test_nginx() {
  # shellcheck disable=SC2086
  docker compose exec --no-TTY nginx nginx -t -q $nginx_files </dev/null >&2
}

# reload_changed_nginx: only if files changed, because nginx then closes idle connections, also one on which a request is on its way.
reload_changed_nginx() {
  # shellcheck disable=SC2016
  loaded=$(docker compose exec --no-TTY nginx cat /tmp/loaded </dev/null)
  given=$(docker compose exec --no-TTY nginx sh -c 'cat /etc/nginx/pandoras-express/*.conf' </dev/null)
  [ "$loaded" != "$given" ] || return 0
  # shellcheck disable=SC2086
  docker compose exec --no-TTY nginx nginx -s reload $nginx_files </dev/null >&2
  docker compose exec --no-TTY nginx sh -c 'cat /etc/nginx/pandoras-express/*.conf >/tmp/loaded' </dev/null
  echo "reloaded: nginx"
}

# say_other_images: names the services that run another image than the one just built.
say_other_images() {
  others=
  for container in $(docker compose ps --quiet); do
    # shellcheck disable=SC2046
    set -- $(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Image}} {{.Config.Image}}' "$container")
    [ "$(layers "$1" "$2")" = "$(layers "$1" "$3")" ] || others="$others $1"
  done
  [ -z "$others" ] || say "note: built, but not in use: the new images of$others. scripts/up --detach replaces them; while it replaces nginx," \
    "requests are refused."
}

# layers SERVICE IMAGE: the last layer of nginx' image is the configuration, over which the files of the checkout are mounted.
layers() {
  docker image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' "$2" | if [ "$1" = nginx ]; then grep . | sed '$d'; else cat; fi
}
