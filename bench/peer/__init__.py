"""llama-server and the requests of llama.vim, beside sidelong on the same keystrokes."""
