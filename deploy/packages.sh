#!/bin/sh
# Install the Debian packages listed in the given files where that is allowed (root, or sudo without a password).
# Otherwise name them in one line and go on: each is one feature, none is needed to start.
set -u

listed=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@")

# A package counts as there when it is installed, or when the command beside its name is.
missing=$(printf '%s\n' "$listed" | while read -r package program; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] && continue
  [ -n "$program" ] && command -v "$program" >/dev/null 2>&1 && continue
  printf '%s ' "$package"
done)
missing=${missing% }
[ -z "$missing" ] && exit 0

as_root=none
if [ "$(id -u)" = 0 ]; then as_root=
elif sudo -n true 2>/dev/null; then as_root='sudo -n'
fi

if [ "$as_root" != none ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing: $missing"
  log=$(mktemp)
  # shellcheck disable=SC2086  # one word a package
  if { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1
  then rm -f "$log"; exit 0
  fi
  tail -n 3 "$log" >&2
  rm -f "$log"
fi
echo "Not installed, so the features they bring stay off: $missing (as root: apt-get install --no-install-recommends $missing)" >&2
