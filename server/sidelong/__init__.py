"""sidelong: local code completion that looks into the repository when the model asks for it."""

__version__ = "0.1.0"
