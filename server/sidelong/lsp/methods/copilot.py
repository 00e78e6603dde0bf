"""Notifications of Copilot's language server that some editors send to every server.

Taken silently: an unknown notification would be a warning in the log at every keystroke.
"""

from __future__ import annotations

from typing import Final

COPILOT_NOTIFICATIONS: Final = (
    "textDocument/didShowCompletion",
    "textDocument/didPartiallyAcceptCompletion",
    "textDocument/didFocus",
)


def ignore(_: object) -> None:
    """Do nothing."""
