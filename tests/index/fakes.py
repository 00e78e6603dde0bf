"""Keys and tokens that are obviously nobody's, made while the tests run.

None stands in the repository, so no scanner for secrets trips over it.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

Fake = Callable[[random.Random], str]

HEX = "0123456789abcdef"
BASE62 = ascii_letters + digits
URL_SAFE = BASE62 + "_-"


def chars(alphabet: str, n: int) -> Fake:
    return lambda rng: "".join(rng.choices(alphabet, k=n))


def after(prefix: str, alphabet: str, n: int, suffix: str = "") -> Fake:
    return lambda rng: prefix + chars(alphabet, n)(rng) + suffix


def encoded(n_bytes: int) -> Fake:
    return lambda rng: base64.b64encode(rng.randbytes(n_bytes)).decode()


def json_web_token(rng: random.Random) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": chars(digits, 10)(rng), "name": "Nobody"}]
    texts = (json.dumps(part).encode() for part in parts)
    first = [base64.urlsafe_b64encode(text).decode().rstrip("=") for text in texts]
    return ".".join([*first, chars(URL_SAFE, 43)(rng)])


TOKENS: dict[str, Fake] = {
    "GitHub": after("ghp" + "_", BASE62, 36),
    "GitHub, fine-grained": lambda rng: (
        "github" + "_pat_" + chars(BASE62, 22)(rng) + "_" + chars(BASE62, 59)(rng)
    ),
    "GitLab": after("glpat" + "-", BASE62, 20),
    "Slack": lambda rng: (
        "xox" + f"b-{chars(digits, 12)(rng)}-{chars(digits, 12)(rng)}-{chars(BASE62, 24)(rng)}"
    ),
    "AWS, id": after("AKI" + "A", ascii_uppercase + "234567", 16),
    "AWS, secret": encoded(30),
    "Stripe": after("sk_" + "live_", BASE62, 24),
    "OpenAI": after("sk-" + "proj-", BASE62, 74, "T3Blbk" + "FJ" + 74 * "a"),
    "Anthropic": after("sk-" + "ant-api03-", BASE62, 93, "AA"),
    "Google": after("AI" + "za", BASE62, 35),
    "SendGrid": lambda rng: "SG" + f".{chars(BASE62, 22)(rng)}.{chars(BASE62, 43)(rng)}",
    "npm": after("npm" + "_", BASE62, 36),
    "PyPI": after("pypi" + "-AgEIcHlwaS5vcmc", BASE62, 80),
    "Hugging Face": after("hf" + "_", ascii_letters, 34),
    "DigitalOcean": after("dop" + "_v1_", HEX, 64),
    "Databricks": after("dapi", HEX, 32),
    "Shopify": after("shp" + "at_", HEX, 32),
    "Vault": after("hvs" + ".", BASE62, 95),
    "JSON web token": json_web_token,
    "Azure, storage": encoded(64),
    "32 hexadecimal": chars(HEX, 32),
    "64 hexadecimal": chars(HEX, 64),
    "32 letters and digits": chars(BASE62, 32),
    "40 letters and digits": chars(BASE62, 40),
    "32 small letters and digits": chars(ascii_lowercase + digits, 32),
}


def armour(
    rng: random.Random, kind: str = "RSA PRIVATE KEY", *, headers: str = "", length: int = 64
) -> str:
    """A private key as tools write it, with nothing but random bytes in it."""
    body = encoded(600)(rng)
    lines = [body[i : i + length] for i in range(0, len(body), length)]
    return "\n".join([f"-----BEGIN {kind}-----{headers}", *lines, f"-----END {kind}-----", ""])
