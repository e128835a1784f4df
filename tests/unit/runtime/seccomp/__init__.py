"""Tests of the filter of system calls: as a program, and in the kernel."""
