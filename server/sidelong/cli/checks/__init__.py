"""The checks of `sidelong doctor`; each module has those of one thing."""
