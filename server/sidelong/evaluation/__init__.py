"""How good completions are, and how good the decision to retrieve is.

Completing is left to the engine, and choosing files to the caller: nothing here reads a disk.
"""
