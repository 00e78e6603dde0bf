"""What `sidelong doctor` looks at; each module has the checks of one thing."""
