"""The tasks of RepoEval and CrossCodeEval, completed by the engine: `python -m bench.tasks`."""
