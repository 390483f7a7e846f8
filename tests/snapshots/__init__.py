"""Reviewed snapshots: generated files that are committed, so that every change of them shows in a diff."""
