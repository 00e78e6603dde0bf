"""Files are kept out for their names or their content."""

from __future__ import annotations

import pytest

from sidelong_index.rules import Reason, Skipped, check_text, read_text, refuse_name, refuse_size

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAtestTESTtest1234\n-----END"


@pytest.mark.parametrize("path", ["a/.env", "tls/server.pem", "token.json", ".ssh/config"])
def test_secrets_are_known_by_their_names(path: str) -> None:
    assert refuse_name(path) == "secret name"


@pytest.mark.parametrize("path", ["Cargo.lock", "package-lock.json", "a/app.min.js", "go.sum"])
def test_what_tools_wrote_is_left_out(path: str) -> None:
    assert refuse_name(path) == "lock file"


@pytest.mark.parametrize("path", ["a/logo.png", "LOGO.PNG", "dist/x.tar.gz", "lib/a.so", "a.b.npz"])
def test_what_is_never_text_is_known_by_its_ending(path: str) -> None:
    assert refuse_name(path) == "binary"


@pytest.mark.parametrize("path", ["png", ".gz", "png.py", "logo.png.txt", "logo.svg", "a.png/b.py"])
def test_only_the_ending_makes_a_name_binary(path: str) -> None:
    assert refuse_name(path) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\x00\x01", "binary"),
        (bytes(range(128, 250)) * 20, "binary"),
        (b"x" * (1024 * 1024 + 1), "too large"),
        (b"var a=1;" * 5000, "minified"),
        (b"x = 1\n" * 500 + b"y" * 30_000, "minified"),
        (KEY.encode(), "private key"),
        (b'key = """' + KEY.replace("\n", "\r\n").encode(), "private key"),
    ],
)
def test_content_that_is_left_out(data: bytes, reason: Reason) -> None:
    assert read_text(data) == Skipped(reason)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"x = 1\n", "x = 1\n"),
        ("größe 😀\n".encode(), "größe 😀\n"),
        (b"\xef\xbb\xbfx\n", "x\n"),
        ("x\n".encode("utf-16"), "x\n"),
        (b"# Andr\xe9 wrote this long ago\nx = 1\n", "# André wrote this long ago\nx = 1\n"),
        (b'BEGIN = "-----BEGIN PRIVATE KEY-----"\n', 'BEGIN = "-----BEGIN PRIVATE KEY-----"\n'),
        (b"one long line " * 200, "one long line " * 200),
    ],
)
def test_content_that_is_text(data: bytes, text: str) -> None:
    assert read_text(data) == text


def test_what_was_never_in_a_file_is_held_to_the_same_rules() -> None:
    assert check_text("x = 1\n") == "x = 1\n"
    assert check_text(KEY) == Skipped("private key")
    assert check_text("x" * (1024 * 1024 + 1)) == Skipped("too large")
    assert check_text("\0") == Skipped("binary")
    assert check_text("\ud800") == "\ud800"


def test_a_megabyte_is_the_limit() -> None:
    assert refuse_size(1024 * 1024) is None
    assert refuse_size(1024 * 1024 + 1) == "too large"
