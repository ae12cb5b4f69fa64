# shellcheck shell=sh
# Provides kubectl, which renders deploy/kubernetes. Sourced after say.sh and apt.sh.

# The first one whose `kustomize` is version 5.
kubectl_oldest=27

# require_kubectl: ensures that kubectl 1.27 or later is on the PATH. No cluster is needed.
require_kubectl() {
  ! is_supported_kubectl || return 0
  is_debian_root || fail "kubectl 1.$kubectl_oldest or later is not installed, found ${kubectl_version:-none}" \
    "On Debian 13: apt-get install kubernetes-client. On macOS: brew install kubectl." \
    "Elsewhere: https://kubernetes.io/docs/tasks/tools/"
  say "Installing kubernetes-client."
  set -- kubernetes-client
  # Debian 12 has kubectl 1.20.
  [ "$(os_release VERSION_CODENAME)" != bookworm ] || {
    add_suite trixie
    set -- -t trixie "$@"
  }
  apt_install "$@" || fail "apt-get could not install kubernetes-client"
  is_supported_kubectl || fail "kubectl 1.$kubectl_oldest or later is required, found ${kubectl_version:-none} at $(command -v kubectl)"
}

is_supported_kubectl() {
  kubectl_version=$(kubectl version --client 2>/dev/null | sed -n 's/^Client Version: v\([0-9.]*\).*/\1/p')
  kubectl_minor=$(expr "$kubectl_version" : '1\.\([0-9]*\)') || return 1
  [ "$kubectl_minor" -ge "$kubectl_oldest" ]
}
