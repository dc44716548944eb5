"""Benchmarks. In: this machine. Out: ratios of one run, against targets that stand in each module."""
