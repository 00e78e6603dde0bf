"""The actions of `sidelong model`, a module each."""
