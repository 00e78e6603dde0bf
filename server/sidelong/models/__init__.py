"""The models a user has fetched or added: where they lie, what is known of them, where to get more.

How a model works is `sidelong.engine.model`'s; what the user is shown is `sidelong.cli`'s.
"""
