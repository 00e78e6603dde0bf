"""The messages to the user about one root, each told once while its fact holds."""

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Warnings:
    """Belongs to the index's thread, on which `on_warning` is called; the log has each message."""

    def __init__(self, on_warning: Callable[[str], None] | None) -> None:
        self._on_warning = on_warning
        self._told: set[str] = set()

    def tell(self, kind: str, message: str) -> None:
        """Tell the message, unless one of its kind has been told."""
        if kind in self._told:
            return
        self._told.add(kind)
        logger.warning("%s", message)
        if self._on_warning is None:
            return
        try:
            self._on_warning(message)
        except Exception:
            logger.exception("Telling a warning failed")

    def take_back(self, kind: str) -> None:
        """The fact holds no more: if it comes back, it is told again."""
        self._told.discard(kind)
