"""Faults while sweeps run, by the hundred: is anything lost, doubled or changed?"""
