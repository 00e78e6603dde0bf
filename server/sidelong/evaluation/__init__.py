"""The quality of completions, and of the decision to retrieve.

The engine completes, and the caller chooses the files: nothing here reads a workspace.
"""
