#!/bin/sh
# As the hub's entry point does it: options alone are mongod's, mongod listens on every address and not as root.
set -eu
case ${1:-mongod} in -*) set -- mongod "$@" ;; esac
if [ "$1" = mongod ]; then
    case " $* " in *" --bind_ip"*) ;; *) set -- "$@" --bind_ip_all ;; esac
    if [ "$(id -u)" = 0 ]; then
        chown -R mongodb /data/db /data/configdb
        exec setpriv --reuid mongodb --regid mongodb --clear-groups "$@"
    fi
fi
exec "$@"
