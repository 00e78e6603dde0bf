"""The default model: cut from a pretrained one, healed, and going on from there."""
