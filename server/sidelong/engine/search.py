"""Retrieval beside the prefill: a search runs while the model reads, and often is not needed."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from sidelong.engine.request import Request
from sidelong.engine.retrieval import retrieve
from sidelong_index import Exclusion, Hit, Snapshot

log = logging.getLogger(__name__)


class Search:
    """One search that may still run, for the length of a `with` block."""

    def __init__(self, request: Request, hits: Future[list[Hit]] | None) -> None:
        self._request = request
        self._hits = hits

    def result(self) -> tuple[Hit, ...]:
        """The chunks, best first; none if the search failed, which the log says."""
        if self._hits is None:
            return ()
        try:
            return tuple(self._hits.result())
        except Exception:
            log.exception("request %s: retrieval failed, completing without it", self._request.id)
            return ()

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the search if it has not begun."""
        if self._hits is not None:
            self._hits.cancel()


class Searcher:
    """A thread that searches; `close` ends it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sidelong-retrieve")

    def start(
        self, request: Request, snapshot: Snapshot | None, exclude: Exclusion | None
    ) -> Search:
        """Begin to search for the request's chunks, unless its settings never retrieve.

        `exclude` names lines that must not be retrieved, by default those around the cursor.
        """
        if snapshot is None or request.settings.retrieval == "never":
            return Search(request, None)
        hits = self._pool.submit(
            retrieve,
            snapshot,
            path=request.path,
            text=request.text,
            offset=request.offset,
            k=request.settings.max_chunks,
            exclude=exclude,
        )
        return Search(request, hits)

    def close(self) -> None:
        """Wait for the search that runs and drop the others; idempotent."""
        self._pool.shutdown(wait=True, cancel_futures=True)
