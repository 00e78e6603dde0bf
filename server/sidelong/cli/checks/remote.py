"""The remote model: what would be sent, and how fast it answers."""

from __future__ import annotations

from dataclasses import asdict

from sidelong.cli.checks.finding import Finding
from sidelong.engine import REMOTE_TOKEN, Endpoint, Probe, endpoint_of, probe, sent_at_most
from sidelong.settings import Settings, UserSettings


def check_remote(user: UserSettings, settings: Settings) -> Finding:
    """Complete a few lines of ours at the endpoint of the settings."""
    endpoint = endpoint_of(user)
    if endpoint is None:
        return Finding("remote", "ok", "off: nothing is sent")
    return _judge(endpoint, probe(endpoint), settings)


def _judge(endpoint: Endpoint, found: Probe, settings: Settings) -> Finding:
    token = "with a token" if endpoint.token else "without a token"
    where = f"{endpoint.url}, format {endpoint.format}, {token}"
    most = sent_at_most(settings)
    details = {
        "url": endpoint.url,
        "format": endpoint.format,
        "token": endpoint.token is not None,
        "encrypted": endpoint.url.startswith("https:"),
        "characters": {"prefix": most.prefix, "suffix": most.suffix, "context": most.context},
        **asdict(found),
    }
    if found.problem:
        says = f' It says: "{found.server_says}".' if found.server_says else ""
        fact = f"{where}: it {found.problem}.{says}"
        return Finding("remote", "broken", fact, _remedy(endpoint, found), details)
    cold, warm = found.timings
    fact = (
        f"{where}: a few lines of sidelong's own were completed, the first text came after "
        f"{cold.first_ms:.0f} ms, and after {warm.first_ms:.0f} ms the second time. "
        f"The editor sends it at most {most.prefix:,} characters before the cursor and "
        f"{most.suffix:,} after it, with secrets masked, and where the decision is to use other "
        f"files at most {most.context:,} characters of these, with their paths and the name of the "
        "folder."
    )
    if endpoint.is_readable_on_the_way:
        fact += " Everybody on the way can read it."
        remedy = "Use https, or a tunnel, unless you trust the network."
        return Finding("remote", "note", fact, remedy, details)
    return Finding("remote", "ok", fact, details=details)


def _remedy(endpoint: Endpoint, found: Probe) -> str:
    if found.status in (401, 403):
        return f"Set {REMOTE_TOKEN}, or the keyring's entry for {endpoint.host}, to its token."
    if endpoint.is_infill and found.status == 404:
        return "Only llama-server has /infill: name the model's format in model.remoteFormat."
    if endpoint.is_infill and found.status == 501:
        return "Let the server have a model that was trained to fill in the middle."
    if found.models and endpoint.name not in found.models and not endpoint.is_infill:
        names = ", ".join(found.models)
        return f"Set sidelong.model.remoteName to a model that the server knows: {names}."
    return (
        "Start the server or correct sidelong.model.remote; until it answers, the local model "
        "completes."
    )
