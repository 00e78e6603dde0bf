"""The language model: what the rest may ask of it (`protocol`), and llama.cpp behind it."""
