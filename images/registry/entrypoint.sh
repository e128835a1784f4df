#!/bin/sh
# As the hub's entry point does it: a configuration file is served, a subcommand is registry's.
set -eu
case ${1:-} in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
