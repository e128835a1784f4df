#!/bin/sh
# Runs as a mmdebstrap hook at the end of the base's making: customize.sh ROOT [CA-BUNDLE].
set -eu
root=$1
bundle=${2:-}

# Installing a package in a container starts no service, and leaves no downloads and no caches behind.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
cat > "$root/etc/apt/apt.conf.d/stand-in" <<'TEXT'
Acquire::Languages "none";
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
TEXT

# Manuals and translations are a third of the base, and no lab reads one. Licences stay. They are removed here and
# not excluded from the start, because mmdebstrap takes twice as long to unpack what it has to filter.
cat > "$root/etc/dpkg/dpkg.cfg.d/stand-in" <<'TEXT'
force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
TEXT
rm -rf "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/*
rm -f "$root"/var/cache/apt/*.bin
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l ! -name copyright ! -xtype d -delete

# The host's authorities: once for programs that read the usual file, and once where the package ca-certificates, if
# it is installed later, takes them up again when it writes that file anew.
if [ -n "$bundle" ]; then
    install -D -m 0644 "$bundle" "$root/etc/ssl/certs/ca-certificates.crt"
    install -D -m 0644 "$bundle" "$root/usr/local/share/ca-certificates/host.crt"
fi
