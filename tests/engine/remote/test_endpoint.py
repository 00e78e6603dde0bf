"""The address comes from the user's settings, the token from the environment or the keyring."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from sidelong.engine.remote.endpoint import TOKEN, endpoint_of, is_loopback, problem_of
from sidelong.errors import SettingsError
from sidelong.sections import parse_user_settings, user_only_names
from sidelong.settings import UserSettings


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


def settings(remote: str, format: str | None = "qwen2.5-coder") -> UserSettings:
    return UserSettings(remote=remote, remote_format=format)


def test_it_is_off_by_default() -> None:
    assert endpoint_of(UserSettings()) is None


@pytest.mark.parametrize(
    ("remote", "format", "url"),
    [
        ("http://gpu:8000/v1", "qwen2.5-coder", "http://gpu:8000/v1/completions"),
        ("http://gpu:8000/v1/", "codestral", "http://gpu:8000/v1/completions"),
        ("http://gpu:8012", "infill", "http://gpu:8012/infill"),
        ("http://gpu:8012/v1", "infill", "http://gpu:8012/infill"),
    ],
)
def test_requests_go_to_the_servers_own_path(remote: str, format: str, url: str) -> None:
    endpoint = endpoint_of(settings(remote, format))
    assert endpoint is not None
    assert endpoint.url == url


def test_without_a_format_it_is_not_used_and_that_is_said() -> None:
    assert "model.remoteFormat" in str(problem_of(settings("http://gpu:8000/v1", None)))


def test_a_token_goes_over_plain_http_to_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "a-token")
    for remote in ("http://127.0.0.1:8000/v1", "http://[::1]:8000/v1", "https://gpu/v1"):
        assert problem_of(settings(remote)) is None
    with pytest.raises(SettingsError, match="remotePlainToken") as error:
        endpoint_of(settings("http://gpu:8000/v1"))
    assert "a-token" not in str(error.value)


def test_unless_the_user_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "a-token")
    user = UserSettings(remote="http://gpu/v1", remote_format="infill", remote_plain_token=True)
    endpoint = endpoint_of(user)
    assert endpoint is not None
    assert endpoint.token == "a-token"
    assert "a-token" not in repr(endpoint)


def test_the_keyring_is_asked_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("sidelong", "gpu:8000"): "from-the-keyring"}
    module = SimpleNamespace(get_password=lambda service, user: kept.get((service, user)))
    monkeypatch.setitem(sys.modules, "keyring", module)
    endpoint = endpoint_of(settings("https://gpu:8000/v1"))
    assert endpoint is not None
    assert endpoint.token == "from-the-keyring"


def test_a_token_that_no_header_can_carry_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, "tok\nen")
    problem = str(problem_of(settings("https://gpu/v1")))
    assert TOKEN in problem
    assert "tok\nen" not in problem


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["gpu", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io"])
def test_no_other_machine_passes_for_it(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "address",
    ["gpu:8000", "ftp://gpu", "http://", "http://me:secret@gpu/v1", "http://gpu/v1?key=1", 7,
     "http://gpu:99999/v1", "file:///etc/passwd", "http://gpu\u200b/v1", "http://gpu\x7f/v1",
     "http://gpu/\u200bv1", "http://g pu/v1", "http://gpu\n/v1", "http://gpu..lan/v1"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(address: object) -> None:
    user, messages = parse_user_settings({"model.remote": address})
    assert user.remote is None
    (message,) = messages
    assert message.startswith(f"sidelong.model.remote: {address!r} is not allowed. Set it to an ")
    assert message.isprintable()


def test_an_empty_address_means_none() -> None:
    empty = {"model.remote": "", "model.remoteFormat": "", "model.remoteName": ""}
    assert parse_user_settings(empty) == (UserSettings(), [])


def test_all_of_it_is_the_users_alone() -> None:
    names = ["remote", "remoteFormat", "remoteName", "remoteTimeout", "remotePlainToken"]
    section = {f"model.{name}": 1 for name in names}
    assert user_only_names(section) == [f"sidelong.model.{name}" for name in names]
