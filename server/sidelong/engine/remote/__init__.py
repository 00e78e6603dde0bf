"""A model on another machine, which writes in the place of the local one; off by default."""
