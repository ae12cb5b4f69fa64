# shellcheck shell=sh
# Provides Chromium for the tests of the page; e2e/support/browser.ts chooses among the installed ones. Sourced after say.sh, apt.sh
# and node.sh, after the packages are installed; $root is the checkout.

: "${root:?must be set to the checkout before this file is sourced}"

require_browser() {
  ! has_browser || return 0
  if is_debian_root; then
    say "Installing chromium."
    apt_install chromium || fail "apt-get could not install chromium"
  else
    say "Downloading Playwright's Chromium: npx playwright install chromium."
    "$root/node_modules/.bin/playwright" install chromium >&2 || fail "Playwright could not download its Chromium" \
      "Install Chromium or Google Chrome; on Debian: apt-get install chromium." \
      "If it is in another place, set CHROMIUM=/path/to/it."
  fi
  has_browser || fail "$(node "$root/e2e/support/browser.ts" 2>&1 | tail -n 1)"
}

has_browser() {
  node "$root/e2e/support/browser.ts" >/dev/null 2>&1
}
