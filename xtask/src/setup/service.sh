# Installs a package whose services start neither now nor with the machine: sh service.sh PACKAGE 'SERVICE...'
set -eu
policy=/usr/sbin/policy-rc.d
# A package asks it whether its service may start (invoke-rc.d(8)). One that is there already stays as it is.
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
get() {
    DEBIAN_FRONTEND=noninteractive apt-get --quiet -o DPkg::Lock::Timeout=300 "$@"
}
# Lists that are older than the mirror name files that are gone: fetch them and try once more.
get install --yes --no-install-recommends "$1" || { get update && get install --yes --no-install-recommends "$1"; }
for service in $2; do
    if [ -e "/etc/init.d/$service" ]; then
        update-rc.d "$service" disable
    elif command -v systemctl >/dev/null; then
        systemctl disable "$service"
    fi
done
