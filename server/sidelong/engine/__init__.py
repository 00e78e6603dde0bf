"""The engine: from a cursor in a text to the completion that belongs there.

This module is the public front; only the recipe in `training/` imports from behind it.
Importing it does not load llama.cpp: that happens with the first model.
"""

from typing import TYPE_CHECKING

from sidelong.engine.budget import Window
from sidelong.engine.completer import Completer
from sidelong.engine.correction import Correction, Values, log_odds, unit
from sidelong.engine.correction import from_json as correction_from_json
from sidelong.engine.correction import to_json as correction_to_json
from sidelong.engine.engine import Engine, MakeEngine, ModelEngine
from sidelong.engine.gate import Decision
from sidelong.engine.loading import connect, llama_build, load_completer, load_model, load_models
from sidelong.engine.model.file import check as check_file
from sidelong.engine.model.file import parts as model_files
from sidelong.engine.model.protocol import (
    Cancel,
    Evaluation,
    Hidden,
    Model,
    Stopped,
    Superseded,
)
from sidelong.engine.model.saved import CHECKPOINT_TOKENS
from sidelong.engine.model.thread import OnChange, WeightsState
from sidelong.engine.remote.endpoint import TOKEN as REMOTE_TOKEN
from sidelong.engine.remote.endpoint import Endpoint, endpoint_of
from sidelong.engine.remote.endpoint import problem_of as remote_problem
from sidelong.engine.remote.generator import sent_at_most
from sidelong.engine.remote.probe import Probe, probe
from sidelong.engine.request import Answer, RemoteUse, Request, Tokens
from sidelong.engine.retrieval import retrieve
from sidelong.engine.selftest import check
from sidelong.engine.speed import Speed
from sidelong.engine.speeds import keep as keep_speed
from sidelong.engine.speeds import kept as kept_speed
from sidelong.engine.speeds import measured as measured_speed
from sidelong.engine.threads import default_threads
from sidelong.engine.trial import REBUILD, Report
from sidelong.engine.trial import forget as forget_trial
from sidelong.engine.trial import run as try_models

if TYPE_CHECKING:
    from sidelong.engine.model.llama import LlamaModel

__all__ = [
    "CHECKPOINT_TOKENS",
    "REBUILD",
    "REMOTE_TOKEN",
    "Answer",
    "Cancel",
    "Completer",
    "Correction",
    "Decision",
    "Endpoint",
    "Engine",
    "Evaluation",
    "Hidden",
    "LlamaModel",
    "MakeEngine",
    "Model",
    "ModelEngine",
    "OnChange",
    "Probe",
    "RemoteUse",
    "Report",
    "Request",
    "Speed",
    "Stopped",
    "Superseded",
    "Tokens",
    "Values",
    "WeightsState",
    "Window",
    "check",
    "check_file",
    "connect",
    "correction_from_json",
    "correction_to_json",
    "default_threads",
    "endpoint_of",
    "forget_trial",
    "keep_speed",
    "kept_speed",
    "llama_build",
    "load_completer",
    "load_model",
    "load_models",
    "log_odds",
    "measured_speed",
    "model_files",
    "probe",
    "remote_problem",
    "retrieve",
    "sent_at_most",
    "try_models",
    "unit",
]
