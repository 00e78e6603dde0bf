"""The cost of keystrokes online, in the published setting and in sidelong's.

Three settings stand side by side:

*from scratch* is the published one (Repoformer, ICML 2024): for each request three processes start
at the same time, the decision, completing without retrieved context, and retrieving and completing
with it; the decision says which of the two is waited for. Its latency is computed, as published,
from paths measured one by one with nothing in their caches: T_g, or T_r + T_g, or T_d if that is
longer.

*at once* really runs the three at the same time, each with a model and a KV cache of its own which
stays from one keystroke to the next; the path that is not wanted is stopped.

*one cache* is sidelong's: one model, one KV cache, in which the decision is a by-product.

`python -m bench.online` measures a workspace; `python -m bench.online.shapes` compares models.
"""
