#!/bin/sh
# The official entrypoint also runs /docker-entrypoint.d and expands templates. The template must not depend on either.
set -eu
exec "$@"
