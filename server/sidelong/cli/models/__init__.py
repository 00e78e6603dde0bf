"""What `sidelong model` can do, one file for each action."""
