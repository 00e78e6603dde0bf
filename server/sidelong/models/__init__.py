"""The user's own models: their folder, the facts about them, and the Hub to get more from."""
