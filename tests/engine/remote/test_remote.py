"""A remote model writes, and whatever it does wrong costs its time and nothing else."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.remote.breaker import FAILURES, REST_S
from sidelong.engine.remote.client import MOST_BYTES
from sidelong.engine.remote.endpoint import TOKEN
from sidelong_index import build

CODE = "def area(width, height):\n    return ($0)\n\n\nprint(area(2, 3))\n"
KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"

NESTED = b"[" * 100_000
"""JSON that no parser follows to its end."""
UNREAL = b'{"choices": [{"text": "w", "logprobs": {"token_logprobs": [-' + b"9" * 400 + b"]}}]}"

Ask = Any
Remote = Any


def is_local(answer: Any) -> bool:
    return bool(answer.model.startswith("nano"))


def test_the_remote_model_writes_what_is_suggested(remote: Remote, ask: Ask) -> None:
    remote.writes("width", " * ", "height")
    answer = ask(CODE)
    assert answer.text == "width * height"
    assert answer.remote.problem == ""
    (sent,) = remote.requests
    assert sent["prompt"] == (
        "<|fim_prefix|>def area(width, height):\n<|fim_suffix|>)\n\n\nprint(area(2, 3))\n"
        "<|fim_middle|>    return ("
    )
    assert sent["max_tokens"] == 64
    assert "model" not in sent
    assert remote.paths == ["/v1/completions"]


def test_the_answer_says_who_wrote_it_and_what_left(remote: Remote, ask: Ask) -> None:
    remote.writes("width * height")
    answer = ask(CODE)
    assert answer.model == f"a remote model at {remote.host}"
    assert answer.models != ask.completer.fingerprint
    assert [json.loads(body) for body in answer.remote.sent] == remote.requests
    assert answer.facts()["remote"] == {
        "host": remote.host,
        "format": "qwen2.5-coder",
        "requests": 1,
        # Three special tokens, and all of the code.
        "sent_characters": 3 + len(CODE) - len("$0"),
        "masked": 0,
        "problem": "",
        "is_resting": False,
    }


def test_chunks_that_were_found_here_are_sent_along(remote: Remote, ask: Ask) -> None:
    remote.writes("width * height")
    snapshot = build([("shapes.py", f"def volume(width, height):\n    key = '{KEY}'\n")])
    answer = ask(CODE, snapshot=snapshot, retrieval="always")
    assert answer.gate.retrieved
    assert [hit.path for hit in answer.chunks] == ["shapes.py"]
    assert remote.requests[0]["prompt"].startswith(
        "<|repo_name|>shop\n<|file_sep|>shapes.py\ndef volume(width, height):\n    key = 'REDACTED'"
    )


def test_the_stream_is_closed_as_soon_as_the_text_is_enough(remote: Remote, ask: Ask) -> None:
    remote.writes("width * height", ")\n", None)
    assert ask(CODE).text == "width * height)"
    assert remote.gone.wait(10)


def test_a_cancellation_closes_the_stream(remote: Remote, ask: Ask) -> None:
    remote.writes("width", None)
    cancel = Cancel()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(Stopped):
        ask(CODE, cancel=cancel)
    assert remote.gone.wait(10)


def test_a_cancelled_request_is_no_failure(remote: Remote, ask: Ask) -> None:
    remote.writes(None)
    for _ in range(FAILURES):
        cancel = Cancel()
        threading.Timer(0.1, cancel.set).start()
        with pytest.raises(Stopped):
            ask(CODE, cancel=cancel)
    remote.answers[:] = []
    remote.writes("width")
    assert ask(CODE).text == "width"


def test_the_word_at_the_cursor_is_written_again_and_left_out(remote: Remote, ask: Ask) -> None:
    remote.writes(" wid", "th * height")
    assert ask(CODE.replace("($0)", "wi$0")).text == "dth * height"
    assert remote.requests[0]["prompt"].endswith("<|fim_middle|>    return")


def test_a_text_that_leads_elsewhere_is_asked_for_again_at_the_cursor(
    remote: Remote, ask: Ask
) -> None:
    remote.writes(" height")
    remote.writes("dth * height")
    answer = ask(CODE.replace("($0)", "wi$0"))
    assert answer.text == "dth * height"
    assert [r["prompt"].partition("<|fim_middle|>")[2] for r in remote.requests] == [
        "    return",
        "    return wi",
    ]
    assert answer.remote.requests == 2


def test_without_healing_it_is_asked_at_the_cursor(remote: Remote, ask: Ask) -> None:
    remote.writes("dth")
    assert ask(CODE.replace("($0)", "wi$0"), token_healing=False).text == "dth"
    assert "    return wi<|fim_suffix|>" in remote.requests[0]["prompt"]


@pytest.mark.parametrize(
    ("tell", "problem"),
    [
        (lambda r: r.does(500), "refuses (status 500)"),
        (lambda r: r.does(401), "wants another token (status 401)"),
        (lambda r: r.does(500, b'{"error": ' + NESTED), "refuses (status 500)"),
        (lambda r: r.does(404), "no such path, or no model of the name in model.remoteName (st"),
        (lambda r: r.does(200, b"<p>", **{"Content-Type": "text/html"}), "answers with text/html"),
        (lambda r: r.writes(b"data: {torn\n\n"), "is not JSON"),
        (lambda r: r.writes(b"data: 7\n\n"), "is no object"),
        (lambda r: r.writes(b"data: " + NESTED + b"\n\n"), "is not JSON"),
        (lambda r: r.writes(b"data: " + UNREAL + b"\n\n"), "cannot be read (OverflowError)"),
        (lambda r: r.writes(b'data: {"choices": [{"text": 5}]}\n\n'), "sends a text that is none"),
        (lambda r: r.writes(b'data: {"error": {"message": "oh"}}\n\n'), "an error of its own"),
        (lambda r: r.writes("width", ends=False), "ended in the middle"),
        (lambda r: r.writes(b"x" * (MOST_BYTES + 1)), "sends more than"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_after_a_failure_the_local_model_completes(
    remote: Remote, ask: Ask, tell: Callable[[Remote], None], problem: str
) -> None:
    tell(remote)
    answer = ask(CODE)
    assert problem in answer.remote.problem
    assert is_local(answer)
    assert answer.text


@pytest.mark.parametrize("sent", [NESTED, UNREAL], ids=["nested", "unreal"])
def test_what_cannot_be_read_counts_as_a_failure(remote: Remote, ask: Ask, sent: bytes) -> None:
    remote.writes(b"data: " + sent + b"\n\n")
    answers = [ask(CODE) for _ in range(FAILURES + 1)]
    assert all(map(is_local, answers))
    assert answers[-1].remote.is_resting
    assert len(remote.requests) == FAILURES


def test_an_address_that_no_request_can_have_is_a_failure(new_asker: Callable[..., Ask]) -> None:
    answer = new_asker("http://gpu\u200b/v1")(CODE)
    assert answer.remote.problem.startswith("it has an address that is none: Invalid")
    assert is_local(answer)


def test_a_connection_that_is_reset_is_named_as_one(new_asker: Callable[..., Ask]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reset() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(1)
                at_once = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                connection.close()

        threading.Thread(target=reset, daemon=True).start()
        answer = new_asker(f"http://127.0.0.1:{server.getsockname()[1]}/v1")(CODE)
    assert answer.remote.problem == "it broke the connection: ReadError"
    assert answer.remote.requests == 2
    assert is_local(answer)


def test_a_server_that_is_not_there_costs_nothing_else(
    new_asker: Callable[..., Ask], new_remote: Callable[[], Remote]
) -> None:
    gone = new_remote()
    url = gone.url
    gone.close()
    answer = new_asker(url)(CODE)
    assert "cannot be reached" in answer.remote.problem
    assert is_local(answer)


def test_a_stall_is_over_when_the_time_is(new_asker: Callable[..., Ask], remote: Remote) -> None:
    remote.writes("wid", None)
    answer = new_asker(remote.url, remote_timeout_ms=300)(CODE)
    assert answer.remote.problem == "it has not completed within 300 ms"
    assert is_local(answer)
    assert remote.gone.wait(10)


def test_whole_lines_that_came_before_a_stall_are_suggested(
    new_asker: Callable[..., Ask], remote: Remote
) -> None:
    remote.writes("x = 1\n", "    y =", None)
    answer = new_asker(remote.url, remote_timeout_ms=2_000)("def f():\n    $0\n")
    assert answer.text == "x = 1"
    assert answer.remote.problem == ""


def test_a_slow_stream_is_read_as_it_comes(remote: Remote, ask: Ask) -> None:
    torn = b'data: {"choices": [{"text": "width'
    remote.writes(b": a comment\n\n", torn, b' * height"}]}\r\n\r\n')
    assert ask(CODE).text == "width * height"


def test_it_is_asked_once_more_after_a_failure_that_may_pass(remote: Remote, ask: Ask) -> None:
    remote.does(503)
    remote.writes("width")
    assert ask(CODE).text == "width"
    assert len(remote.requests) == 2


def test_and_not_a_third_time(remote: Remote, ask: Ask) -> None:
    remote.does(503)
    assert is_local(ask(CODE))
    assert len(remote.requests) == 2


def test_a_server_without_probabilities_is_asked_without_them(remote: Remote, ask: Ask) -> None:
    remote.does(500)
    remote.writes("width")
    assert [ask(CODE).text, ask(CODE).text] == ["width", "width"]
    assert ["logprobs" in sent for sent in remote.requests] == [True, False, False]


def test_one_refusal_of_all_does_not_lose_the_probabilities(remote: Remote, ask: Ask) -> None:
    remote.does(500)
    remote.does(500)
    remote.writes("width")
    assert is_local(ask(CODE))
    assert ask(CODE).text == "width"
    assert ["logprobs" in sent for sent in remote.requests] == [True, False, True]


VLLM = (
    "This model's maximum context length is 64 tokens. However, you requested 99 tokens "
    "(35 in the messages, 64 in the completion). Please reduce the length of the messages."
)
VLLM_PROMPT = (
    "The decoder prompt (length 99) is longer than the maximum model length of 64. Make sure that "
    "`max_model_len` is no smaller than the number of text tokens."
)
TGI = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 64. Given: 35 `inputs`"
TGI_PROMPT = "Input validation error: `inputs` must have less than 64 tokens. Given: 99"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"type": "exceed_context_size_error"}}),
        (400, {"error": {"code": "context_length_exceeded"}}),
        (400, {"error": {"message": VLLM, "type": "BadRequestError", "code": 400}}),
        (400, {"object": "error", "message": VLLM, "type": "BadRequestError", "code": 400}),
        (400, {"error": {"message": VLLM_PROMPT, "type": "BadRequestError", "code": 400}}),
        (422, {"error": TGI, "error_type": "validation"}),
        (422, {"error": TGI_PROMPT, "error_type": "validation"}),
    ],
    ids=["llama-server", "openai", "vllm", "older-vllm", "vllm-prompt", "tgi", "tgi-prompt"],
)
def test_a_prompt_that_is_too_long_is_called_that_and_sent_once(
    remote: Remote, ask: Ask, status: int, body: dict[str, Any]
) -> None:
    remote.does(status, json.dumps(body).encode())
    answer = ask(CODE)
    assert answer.remote.problem == f"it has no room for so long a prompt (status {status})"
    assert len(remote.requests) == 1
    assert is_local(answer)


def test_a_prompt_that_is_called_too_long_in_the_stream_is_called_that(
    remote: Remote, ask: Ask
) -> None:
    """As TGI has it, which checks a prompt when it has begun to answer."""
    error = json.dumps({"error": TGI, "error_type": "validation"}).encode()
    remote.writes(b"data:" + error + b"\n\n", ends=False)
    answer = ask(CODE)
    assert answer.remote.problem == "it has no room for so long a prompt"
    assert len(remote.requests) == 1


def test_a_text_ends_at_a_special_token_that_the_server_does_not_write(
    remote: Remote, ask: Ask
) -> None:
    """As llama-server has it: no text, and no bytes."""
    silent = {"text": "", "logprobs": {"content": [{"token": "", "bytes": [], "logprob": -0.1}]}}
    remote.writes("width", b"data: " + json.dumps({"choices": [silent]}).encode() + b"\n\n", "x")
    assert ask(CODE).text == "width"


def test_a_text_that_the_server_calls_unlikely_stays_hidden(remote: Remote, ask: Ask) -> None:
    unlikely = b'data: {"choices": [{"text": "w", "logprobs": {"token_logprobs": [-5.0]}}]}\n\n'
    remote.writes(unlikely)
    answer = ask(CODE, min_probability=0.02)
    assert (answer.text, answer.reason) == ("", "unsure (0.007)")
    assert answer.remote.problem == ""


def test_nobody_waits_for_what_has_failed_again_and_again(remote: Remote, ask: Ask) -> None:
    now = [0.0]
    generator = ask.completer.remote
    generator._clock = lambda: now[0]
    generator._client._within = _at_once(generator._client)
    remote.does(404)
    resting = [ask(CODE).remote.is_resting for _ in range(FAILURES + 1)]
    assert resting == [False] * (FAILURES - 1) + [True, True]
    assert len(remote.requests) == FAILURES
    now[0] = REST_S + 1
    assert ask(CODE).remote.is_resting
    assert len(remote.requests) == FAILURES + 1
    now[0] = 2 * REST_S + 2
    remote.answers[:] = []
    remote.writes("width")
    assert [ask(CODE).text for _ in range(2)] == ["width", "width"]


def _at_once(client: Any) -> Callable[..., Any]:
    """The client's waiting without its deadline, which another clock has set."""
    within = client._within
    return lambda work, _deadline, cancel: within(work, float("inf"), cancel)


def test_a_redirect_is_not_followed(
    remote: Remote, ask: Ask, new_remote: Callable[[], Remote]
) -> None:
    elsewhere = new_remote()
    elsewhere.writes("width")
    remote.does(307, Location=f"{elsewhere.url}/completions")
    answer = ask(CODE)
    assert answer.remote.problem == "it redirects (307), which is not followed"
    assert is_local(answer)
    assert elsewhere.requests == []


def test_no_proxy_of_the_environment_is_used(
    remote: Remote,
    new_asker: Callable[..., Ask],
    new_remote: Callable[[], Remote],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = new_remote()
    proxy.writes("height")
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.host}")
    monkeypatch.setenv("ALL_PROXY", f"http://{proxy.host}")
    remote.writes("width")
    assert new_asker(remote.url)(CODE).text == "width"
    assert proxy.requests == []


def test_the_token_of_the_environment_goes_along(
    remote: Remote, new_asker: Callable[..., Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "a-token\n")
    remote.writes("width")
    assert new_asker(remote.url)(CODE).text == "width"
    assert remote.headers[0]["Authorization"] == "Bearer a-token"


def test_certificates_are_verified(
    remote: Remote, new_asker: Callable[..., Ask], tmp_path: Path
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    remote.server.socket = context.wrap_socket(remote.server.socket, server_side=True)
    remote.writes("width")
    answer = new_asker(f"https://{remote.host}/v1")(CODE)
    assert "certificate" in answer.remote.problem.lower()
    assert remote.requests == []


def test_secrets_of_the_open_document_are_masked_in_what_is_sent(remote: Remote, ask: Ask) -> None:
    remote.writes(" 1")
    answer = ask(f"KEY = '{KEY}'\nx = $0\nOTHER = '{KEY[::-1]}'\nLAST = '{KEY}'\n")
    assert answer.remote.masked >= 2
    (sent,) = remote.requests
    assert KEY not in sent["prompt"]
    assert sent["prompt"].count("REDACTED") == answer.remote.masked
    assert answer.text == "1"


def test_a_secret_that_is_being_typed_is_masked(remote: Remote, ask: Ask) -> None:
    remote.writes("'")
    ask(f"x = 1\nKEY = '{KEY}$0\n")
    assert all(KEY[:12] not in sent["prompt"] for sent in remote.requests)
    assert remote.requests


def test_a_secret_typed_since_the_last_decision_is_masked_too(remote: Remote, ask: Ask) -> None:
    remote.writes("1")
    snapshot = build([("shapes.py", "KEY = 'example'\nprint(KEY)\n")])
    for text in ("KEY = $0\n", f"KEY = '{KEY}$0\n"):
        ask(text, snapshot=snapshot, retrieval="always")
    assert all(KEY[:12] not in sent["prompt"] for sent in remote.requests)


def test_a_file_of_secrets_is_not_sent(remote: Remote, ask: Ask) -> None:
    remote.writes("1")
    answer = ask("x = $0\n", path="config/.env")
    assert "holds secrets" in answer.remote.problem
    assert is_local(answer)
    assert remote.requests == []


def test_reading_ahead_sends_nothing(remote: Remote, ask: Ask) -> None:
    request = ask.request(CODE, retrieval="auto")
    evaluated = ask.completer.read_ahead(request, snapshot=None, cancel=Cancel())
    assert evaluated > 0
    assert remote.requests == []


def test_llama_servers_infill_gets_the_parts(remote: Remote, new_asker: Callable[..., Ask]) -> None:
    one = b'data: {"content": "width * ", "stop": false}\n\n'
    last = b'data: {"content": "height", "stop": true, "stop_type": "eos"}\n\n'
    remote.writes(one, last, ends=False)
    snapshot = build([("shapes.py", "def volume(width, height):\n    return width\n")])
    asker = new_asker(remote.url, remote_format="infill")
    answer = asker(CODE, snapshot=snapshot, retrieval="always")
    assert answer.text == "width * height"
    assert remote.paths == ["/infill"]
    (sent,) = remote.requests
    assert sent["input_prefix"] == "def area(width, height):\n"
    assert sent["input_suffix"] == ")\n\n\nprint(area(2, 3))\n"
    assert sent["prompt"] == "    return ("
    assert [extra["filename"] for extra in sent["input_extra"]] == ["shapes.py"]
    assert sent["n_predict"] == 64
