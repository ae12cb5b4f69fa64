#!/bin/sh
# The official entrypoint also runs /docker-entrypoint.d and expands templates; nothing here may lean on that.
set -eu
exec "$@"
