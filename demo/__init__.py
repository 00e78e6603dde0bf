"""The main job on real code, for a person to look at: `make demo`."""
