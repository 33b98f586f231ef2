"""Tests of the native plane and its economies."""
