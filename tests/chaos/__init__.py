"""Proofs under fire. In: real processes, killed at random moments of a printed seed. Out: nobody ever got two copies.

`make test` runs a short form; `make chaos` (CHAOS=full) the one whose figures stand in bench/RESULTS.md. CHAOS_SEED
repeats a run's choices; the operating system's scheduling is never repeated, which is the point.
"""
