"""Mutations: one file per noun, one resolver per mutation, which validates, writes and returns the payload."""
