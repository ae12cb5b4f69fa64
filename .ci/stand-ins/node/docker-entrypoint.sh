#!/bin/sh
# As in the official image: an option, or a word that is not a command, is passed to node.
set -eu
if [ "${1#-}" != "${1:-}" ] || ! command -v "${1:-}" >/dev/null; then
  set -- node "$@"
fi
exec "$@"
