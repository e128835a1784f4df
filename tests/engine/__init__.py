"""Tests of the namespace engine that make containers; each leaves no mount, process, cgroup or descriptor behind."""
