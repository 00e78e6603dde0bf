"""Words and their numbers."""

from __future__ import annotations

from sidelong_index.terms import hash_words, words


def test_words_are_runs_of_letters_and_digits() -> None:
    assert words("self.get_user(id2) + 'größe'") == {"self", "get", "user", "id2", "größe"}


def test_a_word_is_there_once() -> None:
    assert words("a a a b") == {"a", "b"}


def test_there_may_be_none() -> None:
    assert words("_ + () \n") == set()


def test_numbers_are_the_same_in_every_process() -> None:
    # They are kept on disk: a change of these needs another store.FORMAT.
    assert hash_words(["self", "größe"]).tolist() == [7184761924116163360, 16832822397561338100]


def test_lone_surrogates_have_a_number() -> None:
    assert hash_words(["\ud800"]).size == 1
