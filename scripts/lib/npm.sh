# shellcheck shell=sh
# node_modules as package-lock.json says. Sourced after say.sh; $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

# require_packages: runs `npm ci` only where what it last installed here is not what the lock file asks for now.
require_packages() {
  installed=$root/node_modules/.installed-package-lock.json
  cmp -s "$root/package-lock.json" "$installed" && return
  require_npm
  say "Installing the packages of package-lock.json: npm ci."
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error) >&2 || fail "npm ci failed in $root"
  cp "$root/package-lock.json" "$installed"
}

require_npm() {
  command -v npm >/dev/null || fail "there is no npm here" \
    "Install Node $(cat "$root/.nvmrc") with its npm from nodejs.org, or on Debian: apt-get install npm"
}
