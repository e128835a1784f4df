"""Containers run by zygote and shim alone, as root and with a single id."""
