"""The recipes of the models: one program per stage, from named packages to a GGUF.

Serving never imports this; it leaves prompts, windows, retrieval and metrics to the product.
"""
