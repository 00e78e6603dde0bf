"""A suggestion: the answer to a request, as the client shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sidelong.engine import Answer
from sidelong.lsp.question import Question


@dataclass(frozen=True)
class Suggestion:
    """The answer to the request `id`; its text is not empty."""

    id: str
    question: Question
    answer: Answer

    def if_accepted(self) -> Iterator[Question]:
        """The question at the cursor after accepting the text, then after each alternative."""
        for answer in (self.answer, *self.answer.alternatives):
            before = self.question.before + answer.text
            after = self.question.after[answer.replace_after :]
            yield replace(self.question, text=before + after, offset=len(before))
