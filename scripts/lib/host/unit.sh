# shellcheck shell=sh
# The systemd unit of a stack without containers, which supervisor/install-host installs. Sourced after say.sh and directory.sh.

: "${root:?must be set to the checkout before this file is sourced}"

host_unit=pandoras-express
unit_directory=/srv/$host_unit
unit_file=/etc/systemd/system/$host_unit.service

unit_runs() {
  systemctl is-active --quiet "$host_unit"
}

# refuse_other_stack: fails if this checkout runs a stack that the unit would not replace.
refuse_other_stack() {
  other=$(unset HOST_DIRECTORY && host_runs && printf '%s' "${host:?find_host sets it}") || return 0
  [ "$other" = "$unit_directory" ] || fail "a stack of this checkout runs in $other" "Stop it first: ./scripts/down"
}

# remove_unit: stops the unit and removes what install-host made.
remove_unit() {
  [ -f "$unit_file" ] || [ -d "$unit_directory" ] || {
    say "$host_unit is not installed."
    return 0
  }
  checkout=$(cat "$unit_directory/checkout" 2>/dev/null || true)
  systemctl disable --quiet --now "$host_unit" 2>/dev/null || ! unit_runs || fail "systemctl could not stop $host_unit" "Its log: journalctl --unit $host_unit"
  rm -f "$unit_file"
  systemctl daemon-reload
  systemctl reset-failed "$host_unit" 2>/dev/null || true
  remove_journal
  rm -rf "$unit_directory" "/var/lib/$host_unit/prometheus" "/run/$host_unit"
  [ -z "$checkout" ] || [ "$(readlink "$checkout/.host")" != "$unit_directory" ] || rm -f "$checkout/.host"
  # Stacks that scripts/up --host started as root are in the same directory, and have the same user.
  if rmdir "/var/lib/$host_unit" 2>/dev/null || [ ! -d "/var/lib/$host_unit" ]; then
    ! id "${host_user:?}" >/dev/null 2>&1 || userdel "$host_user" || say "The user $host_user is kept, because userdel could not remove it."
  else
    say "The user $host_user is kept, because there are other stacks in /var/lib/$host_unit."
  fi
  say "$host_unit is removed."
}

# remove_journal: removes the journal of the unit's namespace.
remove_journal() {
  systemctl stop "systemd-journald@$host_unit.service" "systemd-journald@$host_unit.socket" "systemd-journald-varlink@$host_unit.socket" 2>/dev/null || true
  for journal in /var/log/journal/*."$host_unit" /run/log/journal/*."$host_unit"; do
    [ ! -d "$journal" ] || rm -rf "$journal"
  done
}
