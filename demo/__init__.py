"""Real completions of real code, for a person to look at: `make demo`."""
