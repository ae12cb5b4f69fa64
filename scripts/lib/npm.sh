# shellcheck shell=sh
# Installs node_modules. Sourced after say.sh; $root is the checkout.

: "${root:?must be set to the checkout before this file is sourced}"

# require_packages: runs `npm ci` if package-lock.json has changed since it last ran here.
require_packages() {
  installed=$root/node_modules/.installed-package-lock.json
  cmp -s "$root/package-lock.json" "$installed" && return
  require_npm
  say "Installing the packages of package-lock.json: npm ci."
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error) >&2 || fail "npm ci failed in $root"
  cp "$root/package-lock.json" "$installed"
}

require_npm() {
  command -v npm >/dev/null || fail "npm is not installed" \
    "Install Node $(cat "$root/.nvmrc") with its npm from nodejs.org, or on Debian: apt-get install npm"
}
