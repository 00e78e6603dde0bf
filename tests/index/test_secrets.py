"""Keys and tokens are found in text and masked; code is left as it is."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from tests.index.counting import count_calls
from tests.index.fakes import BASE62, TOKENS, after, armour, chars

from sidelong_index import Index, build, mask_secrets, secret_spans
from sidelong_index.rules import Skipped, read_text
from sidelong_index.secrets import MASK, has_private_key

Plant = Callable[[Mapping[str, str]], Path]
Wrap = Callable[[str], str]

KINDS = [
    "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY", "ANY PRIVATE KEY", "PGP PRIVATE KEY BLOCK",
]  # fmt: skip

WRAPPINGS: dict[str, Wrap] = {
    "a file of its own": lambda key: key,
    "Windows line ends": lambda key: key.replace("\n", "\r\n"),
    "one line of JSON": lambda key: json.dumps({"type": "service_account", "private_key": key}),
    "indented JSON": lambda key: json.dumps({"key": key}, indent=2),
    "JSON in JSON": lambda key: json.dumps({"env": json.dumps({"key": key})}),
    "a YAML block": lambda key: "tls:\n  key: |\n" + "".join(f"    {x}\n" for x in key.split("\n")),
    "a YAML string": lambda key: f'key: "{key}"\n'.replace("\n", "\\n"),
    "quoted lines": lambda key: "KEY = (\n" + "".join(f'  "{x}\\n"\n' for x in key.split("\n")),
    "added lines": lambda key: " +\n".join(f"    '{x}\\n'" for x in key.split("\n")),
    "a list of lines": lambda key: json.dumps(key.split("\n"), indent=1),
    "a triple quoted string": lambda key: f'KEY = """{key}"""\n',
    "a notebook": lambda key: json.dumps(
        {"cells": [{"source": [f"{x}\n" for x in f"key = '''{key}'''".split("\n")]}]}
    ),
    "a blank line after the first": lambda key: key.replace("-----\n", "-----\n\n", 1),
    "headers": lambda key: key.replace(
        "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n", 1
    ),
    "a comment": lambda key: "".join(f"# {x}\n" for x in key.split("\n")),
    "a diff": lambda key: "".join(f"+{x}\n" for x in key.split("\n")),
    "a mail": lambda key: "".join(f"> {x}\n" for x in key.split("\n")),
    "an environment file": lambda key: "KEY=" + key.replace("\n", "\\n"),
    "a here document": lambda key: f"cat > key <<EOF\n{key}EOF\n",
    "XML": lambda key: f"<key>{key}</key>",
    "spaces for line ends": lambda key: "key = " + key.replace("\n", " "),
    "an address": lambda key: f"https://api.example/?key={quote(key)}",
    "a form": lambda key: f"key={quote_plus(key)}&page=1",
    "a form in a form": lambda key: quote_plus(f"key={quote_plus(key)}"),
    "JSON with escapes": lambda key: json.dumps(key).replace("/", "\\/").replace(" ", "\\u0020"),
    "no last line": lambda key: key.partition("-----END")[0],
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_private_key_is_known_by_its_first_line_anywhere(kind: str, wrapping: str) -> None:
    key = armour(random.Random(kind), kind)
    text = WRAPPINGS[wrapping](key)
    assert read_text(text.encode()) == Skipped("private key")
    # Text that is not read from a file loses the key alone.
    masked = mask_secrets(f"before\n{text}\nafter\n")
    assert key.split("\n")[3] not in masked
    assert masked.count("\n") == text.count("\n") + 3
    assert masked.startswith("before\n")


@pytest.mark.parametrize("length", [8, 12, 16, 32, 76, 200])
@pytest.mark.parametrize("wrapping", ["a file of its own", "one line of JSON", "an address"])
def test_the_lines_of_a_key_may_have_any_length(length: int, wrapping: str) -> None:
    rng = random.Random(length)
    for _ in range(20):
        text = WRAPPINGS[wrapping](armour(rng, length=length))
        assert read_text(text.encode()) == Skipped("private key")


def test_a_file_of_64_bytes_is_a_key() -> None:
    rng = random.Random(1)
    data = [*rng.randbytes(64)]
    for indent in (None, 2):
        text = json.dumps(data, indent=indent)
        assert read_text(text.encode()) == Skipped("private key")
        assert mask_secrets(text + "\n") == f"[{MASK}{text.count(chr(10)) * chr(10)}]\n"
    for harmless in (json.dumps(data[:63]), f"TABLE = {data}\n", json.dumps([*data, 1])):
        assert read_text(harmless.encode()) == harmless


def test_utf_16_hides_no_key() -> None:
    assert read_text(armour(random.Random(1)).encode("utf-16")) == Skipped("private key")


def test_the_keys_of_other_programs_are_known() -> None:
    body = armour(random.Random(1)).split("\n")[1:5]
    putty = ["PuTTY-User-Key-File-3: ssh-ed25519", "Private-Lines: 4", *body, "Private-MAC: 0"]
    commercial = ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", *body]
    assert all(has_private_key("\n".join(lines)) for lines in (putty, commercial))


@pytest.mark.parametrize(
    "text",
    [
        'BEGIN = "-----BEGIN PRIVATE KEY-----"\nEND = "-----END PRIVATE KEY-----"\n',
        'if line.startswith("-----BEGIN RSA PRIVATE KEY-----"):\n    return True\n',
        "-----BEGIN CERTIFICATE-----\n" + 64 * "A" + "\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\n" + 64 * "A" + "\n-----END PUBLIC KEY-----\n",
    ],
)
def test_the_first_line_alone_and_public_keys_are_no_secret(text: str) -> None:
    assert read_text(text.encode()) == text


@pytest.mark.parametrize("begin", ["-----BEGIN RSA PRIVATE KEY-----", "PuTTY-User-Key-File-3: "])
@pytest.mark.parametrize(
    "behind",
    [
        "raise UnsupportedPrivateKeyFormatError(data)",
        "return load_pem_private_key(data, password, UnsafeSkipRsaKeyValidation)",
        '"application/x-pem-file", "application/octet-stream"',
        "PKCS8EncryptedPrivateKeyInfo2, pbeWithSHA1And3KeyTripleDES",
        "// see https://tools.ietf.org/html/rfc5208 and github.com/golang/crypto/x509/pkcs8",
        "startswith, startswith, startswith, partition1, partition2",
        "const DER: [u8; 4] = [0x30, 0x82, 0x01, 0x0a]; // AlgorithmIdentifier2",
        "x509.ParsePKCS1PrivateKey x509.ParsePKCS8PrivateKey x509.ParseECPrivateKey",
        'md5WithRSAEncryption, sha256WithRSAEncryption, "pbeWithMD5AndDES-CBC"',
    ],
)
def test_source_that_looks_for_keys_is_no_secret(begin: str, behind: str) -> None:
    code = f'if text.startswith("{begin}"):\n    {behind}\n'
    assert read_text(code.encode()) == code
    assert mask_secrets(code) == code


@pytest.mark.parametrize("lines", [1, 100, 1_000])
def test_source_that_looks_for_keys_hides_no_key_behind_it(lines: int) -> None:
    key = armour(random.Random(lines))
    code = 'BEGIN = "-----BEGIN RSA PRIVATE KEY-----"\n' + lines * "count = count + 1\n"
    assert read_text((code + key).encode()) == Skipped("private key")
    masked = mask_secrets(code + key)
    assert masked.startswith(code)
    assert key.split("\n")[3] not in masked


PLACES: dict[str, Wrap] = {
    "Python": lambda token: f'API_TOKEN = "{token}"\n',
    "a call": lambda token: f"client = Client('{token}', retries=3)\n",
    "TypeScript": lambda token: f"const key: string = `{token}`;\n",
    "JSON": lambda token: json.dumps({"token": token}),
    "JSON in JSON": lambda token: json.dumps({"source": [f'key = "{token}"\n']}),
    "YAML": lambda token: f"  secret: {token}\n",
    "a shell": lambda token: f"export TOKEN={token}\n",
    "a header": lambda token: f'-H "Authorization: Bearer {token}"\n',
    "a comment": lambda token: f"# the old one was {token}, do not use it\n",
    "an address": lambda token: f'fetch("https://api.example/?key={token}&page=1")\n',
    "beyond ASCII": lambda token: f'schlüssel = "{token}"  # größer 😀\n',
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_masked_wherever_it_stands(name: str, place: str) -> None:
    rng = random.Random(name)
    tokens = [TOKENS[name](rng) for _ in range(20)]
    masked = [mask_secrets(PLACES[place](token)) for token in tokens]
    # Some random characters look like words; one in 20 may.
    assert sum(leaks(token, text) for token, text in zip(tokens, masked, strict=True)) <= 1
    around = PLACES[place]("*").strip().split("*")
    assert all(part in text for part in around for text in masked)


def leaks(token: str, text: str) -> bool:
    """Twelve characters of a token say more than its prefix."""
    return any(token[i : i + 12] in text for i in range(len(token) - 11))


def test_a_password_in_an_address_is_masked() -> None:
    rng = random.Random(1)
    password = after("x9", BASE62, 10)(rng)
    text = f"DATABASE_URL=postgres://admin:{password}@db.example:5432/main\n"
    assert mask_secrets(text) == text.replace(password, MASK)
    for harmless in ("amqp://guest:guest@localhost/", "https://host:443/a@b", "git@github.com:a/b"):
        assert mask_secrets(harmless) == harmless


def test_spans_are_in_order_and_apart() -> None:
    rng = random.Random(1)
    tokens = [chars(BASE62, 40)(rng) for _ in range(3)]
    text = " and ".join(tokens)
    assert [text[start:end] for start, end in secret_spans(text)] == tokens


@pytest.mark.parametrize(
    "code",
    [
        "class Parametric2DLineSeries(LineSeries):",
        "def test_geometric_transform08(self, xp):",
        "https://docs.example/some/long/path/to/a_page-2026/index.html",
        "self.assertEqual(x86_64_linux_gnu_abi2, 0x3fff_ffff_ffff_ffff)",
        "import com.example.application.v2.CustomerAccountServiceImpl2;",
        "export function uint8ArrayToBase64url(bytes: Uint8Array)",
        "#define decFloatToUInt32Exact decDoubleToUInt32Exact",
        'UUID = "123e4567-e89b-12d3-a456-426614174000"',
        "2026-11-27T14:00:41.123456Z 1234567890123456 0.30000000000000004",
        "password = getpass('Password for the repository: ')",
        "api_key = os.environ['EXAMPLE_API_KEY']",
        "token: str = request.headers.get('x-access-token')",
        "=" * 80 + "\n" + "-" * 80,
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "",
    ],
)
def test_code_is_left_as_it_is(code: str) -> None:
    assert mask_secrets(code) == code


@pytest.mark.parametrize("piece", ["ey1", "key=1", "sk_live_", "token1:", "eyJ0.", "a1/+", "a1 "])
def test_twice_the_text_takes_twice_the_steps(piece: str) -> None:
    mask_secrets("token1234567890")  # Reads the rules.
    once, twice = (count_calls(partial(mask_secrets, n * piece)) for n in (3000, 6000))
    assert twice <= 2 * once + 100


def test_no_secret_is_in_an_index(plant: Plant, tmp_path: Path) -> None:
    rng = random.Random(1)
    token, key = TOKENS["GitHub"](rng), armour(rng)
    root = plant({"a.py": f'ZEBRA = "{token}"\n', "key.txt.py": key, "b.py": "okapi = 1\n"})
    index = Index(root, cache_dir=tmp_path / "cache", watch=False)
    index.start()
    index.open("open.py", f'zebra_too = "{token}"\n')
    assert index.wait(20)
    found = index.snapshot.search("ZEBRA zebra_too okapi", k=9)
    index.stop()
    assert {hit.path: hit.text for hit in found} == {
        "a.py": f'ZEBRA = "{MASK}"',
        "b.py": "okapi = 1",
        "open.py": f'zebra_too = "{MASK}"',
    }
    assert index.skipped == {"key.txt.py": "private key"}
    segments = [part.segment for part in index.snapshot.parts]
    kept = [line for s in segments for i in range(len(s.paths)) for line in s.lines(i)]
    assert len(kept) == 3
    assert not any(token in line for line in kept)


def inflated(data: bytes) -> Iterator[bytes]:
    """All that was compressed in a file."""
    at = data.find(b"\x78")
    while at >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(data[at:])
        at = data.find(b"\x78", at + 1)


def test_no_secret_is_in_the_file_that_keeps_an_index(plant: Plant, tmp_path: Path) -> None:
    rng = random.Random(1)
    token, unsaved = TOKENS["GitHub"](rng), TOKENS["Stripe"](rng)
    key, word = armour(rng), "Zanzibar2026quagga"
    files = {"a.py": f"a = '{token}'\nokapi = 1\n", "b.py": key, ".env": f"B={word}\n"}
    cache = tmp_path / "cache"
    index = Index(plant(files), cache_dir=cache, watch=False)
    index.start()
    index.open("open.py", f"c = '{unsaved}'\n")
    assert index.wait(20)
    index.stop()
    (file,) = cache.iterdir()
    data = b"\n".join([file.read_bytes(), *inflated(file.read_bytes())])
    assert all(known in data for known in (b"a.py", b"okapi = 1", MASK.encode()))
    secrets = [token, unsaved, word, *key.split("\n")[1:-2]]
    assert len(secrets) > 10
    parts = {secret[i : i + 8].encode() for secret in secrets for i in range(len(secret) - 7)}
    assert [part for part in parts if part in data] == []

    again = Index(plant({}), cache_dir=cache, watch=False)
    again.start()
    assert again.wait(20)
    again.stop()
    assert again.files_chunked == 0, "all comes from that file"
    assert [hit.text for hit in again.snapshot.search("a okapi", k=9)] == [
        f"a = '{MASK}'\nokapi = 1"
    ]


def test_an_index_of_texts_in_memory_holds_no_secret() -> None:
    token = TOKENS["Stripe"](random.Random(1))
    (hit,) = build([("a.py", f"zebra = '{token}'\n")]).search("zebra", k=1)
    assert hit.text == f"zebra = '{MASK}'"
