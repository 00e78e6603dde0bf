"""The workspace cache's say: what raises it, what lowers it, and how a file tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidelong.engine.mixture import DEFAULT, Mixture, parse
from sidelong.engine.model import profile


def share(*, places: int = 1, followers: int = 1, sure: float = 0.5, length: int = 1) -> float:
    nothing = [0] * length
    return DEFAULT.shares([*nothing, places], [*nothing, followers], sure)[length]


def test_more_places_raise_it_and_more_different_followers_lower_it() -> None:
    assert share(places=4) > share(places=1)
    assert share(places=4, followers=4) < share(places=4)


def test_a_sure_model_lowers_it() -> None:
    assert share(sure=0.99) < share(sure=0.5) < share(sure=0.001)


def test_certainty_and_ignorance_are_bounded() -> None:
    assert 0 < share(sure=1.0) < share(sure=0.0) < 1


def test_where_nothing_matches_it_is_nothing() -> None:
    assert DEFAULT.shares([0, 0], [0, 0], 0.5) == [0.0, 0.0]


def test_longer_matches_than_it_has_numbers_for_are_not_counted() -> None:
    short = replace(DEFAULT, lengths=DEFAULT.lengths[:2])
    assert len(short.shares([9, 1, 1], [9, 1, 1], 0.5)) == 2


def test_a_file_carries_it_as_text() -> None:
    mixture = Mixture(0.5, -1.25, -0.3, (-2.0, -1.0, 0.5))
    assert mixture.text() == "0.5,-1.25,-0.3,-2,-1,0.5"
    assert parse(mixture.text()) == mixture


@pytest.mark.parametrize(
    "text", ["", "1,2,3,4", "1,2,3,four,5", "1,2,3,nan,5", "1,2,3,inf,5", "1,,"]
)
def test_what_is_no_such_text_is_none(text: str) -> None:
    assert parse(text) is None


def test_extreme_numbers_do_no_harm() -> None:
    wild = parse("99,-99,99,-99,99,-99")
    assert wild is not None
    for sure in (0.0, 1.0):
        shares = wild.shares([9000, 9000, 1], [1, 9000, 1], sure)
        assert all(0 <= found <= 1 for found in shares)


def of_file(**metadata: str) -> Mixture | None:
    said = {f"sidelong.{key.replace('_', '.')}": value for key, value in metadata.items()}
    found = profile.read(
        name="m.gguf", metadata=said.get, token_id=lambda text: None, fim=(1, 2, 3), eos=0
    )
    return found.mixture


def test_a_models_own_comes_before_the_built_in() -> None:
    assert of_file(edition="third", cache_mixture="0,0,0,-2,-1") == Mixture(0, 0, 0, (-2, -1))
    assert of_file(edition="second", cache_weights="0.05,0.1") == DEFAULT
    assert of_file(edition="third", cache_mixture="damaged") == DEFAULT


def test_a_strangers_model_has_no_cache_unless_its_file_says_so() -> None:
    assert of_file() is None
    assert of_file(cache_mixture="0,0,0,-2,-1") is not None


def test_a_model_of_ours_may_say_that_it_wants_no_cache() -> None:
    assert of_file(edition="fourth", cache_mixture="none") is None
