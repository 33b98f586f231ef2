"""Tests of zcp-profiles."""
