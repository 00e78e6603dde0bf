"""No suggestion gives a secret away, whether it stands in the open document or in another file."""

from __future__ import annotations

import random

import pytest
from tests.index.fakes import TOKENS

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.request import Request
from sidelong.engine.secrets import KnownSecrets
from sidelong.engine.trim import Trimmed
from sidelong.settings import Settings
from sidelong_index import SECRET_MASK, build

KINDS = ["GitHub", "AWS, secret", "Stripe", "Slack", "JSON web token", "64 hexadecimal"]

OTHER = '''"""Settings of the service."""

SERVICE_URL = "https://service.example/v1"
SERVICE_TOKEN = "{token}"
SERVICE_TIMEOUT_S = 30


def connect():
    return Client(SERVICE_URL, token=SERVICE_TOKEN)
'''
HERE = '''"""Settings of the service, for the tests."""

SERVICE_URL = "https://service.example/v1"
SERVICE_TOKEN = "$0
'''


def texts(llama: LlamaModel, code: str, files: dict[str, str], *, by_hand: bool) -> list[str]:
    """All that is suggested at `$0`, as the user would see it; the index is always asked."""
    before, after = code.split("$0")
    least = {"min_probability": 0.0} if by_hand else {}
    settings = Settings(retrieval="always", **least)  # type: ignore[arg-type]
    text = before + after
    request = Request("here.py", "python", text, len(before), settings, "1", alternatives=3)
    completer = Completer(llama)
    answer = completer.complete(request, snapshot=build(files.items()), cancel=Cancel())
    completer._searcher.close()
    return [answer.text, *(other.text for other in answer.alternatives)]


def pieces(token: str) -> set[str]:
    return {token[i : i + 8] for i in range(len(token) - 7)}


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begun", [0, 4, 10])
def test_a_token_of_another_file_is_not_suggested(
    llama: LlamaModel, kind: str, begun: int, by_hand: bool
) -> None:
    token = TOKENS[kind](random.Random(kind))
    code = HERE.replace("$0", token[:begun] + "$0")
    suggested = texts(llama, code, {"settings.py": OTHER.format(token=token)}, by_hand=by_hand)
    assert not any(piece in token[:begun] + text for text in suggested for piece in pieces(token)
                   if piece not in token[:begun])  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begun", [0, 4, 10])
def test_a_token_of_the_open_document_is_not_suggested(
    llama: LlamaModel, kind: str, begun: int
) -> None:
    token = TOKENS[kind](random.Random(kind))
    code = OTHER.format(token=token) + HERE.replace("$0", token[:begun] + "$0")
    suggested = texts(llama, code, {}, by_hand=True)
    assert not any(piece in token[:begun] + text for text in suggested for piece in pieces(token)
                   if piece not in token[:begun])  # fmt: skip


def test_a_mask_is_not_suggested(llama: LlamaModel) -> None:
    token = TOKENS["GitHub"](random.Random(1))
    suggested = texts(llama, HERE, {"settings.py": OTHER.format(token=token)}, by_hand=True)
    assert not any(SECRET_MASK in text for text in suggested)


def withheld(before: str, text: str, after: str = "") -> str:
    return KnownSecrets().around(before, after).withhold(Trimmed(text, 0, "")).text


def test_a_suggestion_ends_where_a_secret_begins() -> None:
    token = TOKENS["GitHub"](random.Random(1))
    document = f'A = "{token}"\n'
    assert withheld(document + "B", f' = get("{token}")') == ' = get("'
    assert withheld(document + "B", f' = get("{token[:9]}') == ' = get("'
    assert withheld("", f'B = "{token}"') == 'B = "'
    assert withheld("B", ' = "x"', after=f"\n{document}") == ' = "x"'
    assert withheld("B", f' = "{token[20:30]}', after=f"\n{document}") == ""


def test_a_secret_that_is_begun_is_not_gone_on_with() -> None:
    token = TOKENS["GitHub"](random.Random(1))
    assert withheld(f'A = "{token}"\nB = "{token[:10]}', f'{token[10:]}"\n') == ""
    assert withheld(f'B = "{token[:10]}', f'{token[10:]}"\n') == ""


def test_what_is_no_secret_is_suggested_whole() -> None:
    trimmed = Trimmed("connect(SERVICE_URL)", 1, "closers")
    assert KnownSecrets().around("client = ", "").withhold(trimmed) is trimmed
    assert withheld("MASK = ", f'"{SECRET_MASK[:5]}"') == f'"{SECRET_MASK[:5]}"'


def test_code_that_looks_for_keys_may_be_suggested() -> None:
    document = """
def load(pem):
    if not pem.startswith("-----BEGIN RSA PRIVATE KEY-----"):
        raise UnsupportedPrivateKeyFormatError(pem)
"""
    text = "raise UnsupportedPrivateKeyFormatError(pem)"
    assert withheld(f"{document}    ", text) == text
