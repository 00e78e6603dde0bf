"""Messages in and out: pygls' protocol, made robust against clients that break it.

Every request gets exactly one response. No message of the client makes a popup or stops the
server. No response is the error -32603, for which VS Code shows a toast each time.
The bytes are left to `framing` and `transport`, the methods to `methods`.
It overrides internals of pygls, which is why `pyproject.toml` pins pygls to one minor version.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from cattrs import ClassValidationError, transform_error
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from sidelong.lsp.named_uris import NamedUris
from sidelong.lsp.waiting import is_done

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer
    from pygls.protocol.json_rpc import MsgId

logger = logging.getLogger(__name__)

_Errors: Final = types.ErrorCodes
_REPLACED: Final = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
)
_TEXTS: Final = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
)
"""The methods by which a client tells texts."""


class Protocol(LanguageServerProtocol):
    """The state of one connection; owned by the event loop."""

    exit_code: int | None = None
    """None until the client says `exit`; then 0 if it had said `shutdown` before, else 1."""
    _initialized = False
    _shutdown_id: MsgId | None = None
    """The id of the client's `shutdown`, from when it came; pygls tells it only once it is done."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.on_lost: Callable[[set[str]], None] = lambda _: None
        """Gets the URIs of the documents of which a text or a change could not be read."""
        # Our `documents` and `folders` handle these; pygls would keep each document a second time.
        for method in _REPLACED:
            del self.fm.builtin_features[method]

    def receive(self, body: bytes) -> None:
        """Handle one message, well-formed or not; never raises."""
        try:
            self._receive(body)
        except Exception:
            logger.exception("A message could not be handled")

    def _receive(self, body: bytes) -> None:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, _Errors.ParseError, "The message is not JSON.")
            self.on_lost(_uris_in(body))
            return
        if not _is_message(data):
            self._refuse(None, _Errors.InvalidRequest, "The message is not JSON-RPC 2.0.")
            self.on_lost(_uris_in(body))
            return
        data["jsonrpc"] = self.VERSION
        method = data.get("method")
        if method is None:
            self._receive_response(data)
        elif self._is_in_order(method, data.get("id")):
            self._receive_call(method, data, body)

    def _receive_call(self, method: str, data: dict[str, Any], body: bytes) -> None:
        try:
            message = self._structure_call(method, data)
        except Exception as error:  # noqa: BLE001 - whatever a converter may raise
            if "id" in data:
                self._refuse(data["id"], _Errors.InvalidParams, _problem(error))
            else:
                logger.warning("%s ignored: %s", method, _problem(error))
            if method in _TEXTS:
                self.on_lost(_uris_in(body))
            return
        self._initialized = True
        if method == types.SHUTDOWN:
            self._shutdown_id = data.get("id")
        self.handle_message(message)

    def _structure_call(self, method: str, data: dict[str, Any]) -> Any:
        known = self.get_message_type(method)
        # `params` of methods that LSP does not know stay plain dicts.
        if known is None and "id" in data:
            return JsonRPCRequestMessage(data["id"], method, self.VERSION, data.get("params"))
        if known is None:
            return JsonRPCNotification(method, self.VERSION, data.get("params"))
        if method == types.INITIALIZE:
            data["params"] = _initialize_params(data.get("params"))
        elif method == types.INITIALIZED:
            # Some clients send no params here, some an empty list.
            data["params"] = {}
        message = self._converter.structure(data, known)
        if "id" in data and not hasattr(message, "id"):
            raise ValueError(f"{method} is a notification")
        return message

    def _receive_response(self, data: dict[str, Any]) -> None:
        data.pop("method", None)  # pygls takes a method of null for a request
        try:
            message = self.structure_message(data)
        except Exception:  # noqa: BLE001 - whatever a converter may raise
            logger.warning("The client's response to request %r is malformed", data["id"])
            failure = types.ResponseError(_Errors.InvalidParams.value, "malformed response")
            self._handle_response(data["id"], None, failure)
            return
        self.handle_message(message)

    def _is_in_order(self, method: str, msg_id: MsgId | None) -> bool:
        """True if the method may be called now; a request that may not is refused here."""
        if method == types.EXIT:
            return True
        if self._shutdown_id is not None:
            problem = (_Errors.InvalidRequest, "The server has been shut down.")
        elif method == types.INITIALIZE and self._initialized:
            problem = (_Errors.InvalidRequest, "The server is initialized already.")
        elif method != types.INITIALIZE and not self._initialized:
            problem = (_Errors.ServerNotInitialized, "The server is not initialized yet.")
        else:
            return True
        if msg_id is not None:
            self._refuse(msg_id, *problem)
        return False

    def _refuse(self, msg_id: MsgId | None, code: types.ErrorCodes, message: str) -> None:
        logger.warning("Request %r refused: %s", msg_id, message)
        error = types.ResponseError(code=code.value, message=message)
        self._send_data(types.ResponseErrorMessage(id=msg_id, error=error))

    def _send_handler_result(self, future: Future[Any], *, msg_id: MsgId) -> None:
        error = None if future.cancelled() else future.exception()
        if error is None:
            super()._send_handler_result(future, msg_id=msg_id)
            return
        self._request_futures.pop(msg_id, None)
        if isinstance(error, JsonRpcException):
            logger.warning("Request %r failed: %s", msg_id, error)
            self._send_response(msg_id, error=error.to_response_error())
            return
        logger.error("Request %r failed", msg_id, exc_info=error)
        failure = types.ResponseError(
            code=types.LSPErrorCodes.RequestFailed.value,
            message=f"{type(error).__name__}; see the server's log",
        )
        self._send_response(msg_id, error=failure)

    def _check_handler_result(self, future: Future[Any]) -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            logger.error("A notification's handler failed", exc_info=error)

    def _handle_response(
        self, msg_id: MsgId, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        future = self._request_futures.get(msg_id)
        # A response that comes too late has nobody waiting for it.
        if future is not None and not future.done():
            super()._handle_response(msg_id, result, error)

    def _handle_cancel_notification(self, msg_id: MsgId) -> None:
        # Clients also cancel requests that have just been answered: that is no news.
        known = isinstance(msg_id, int | str)
        future: object = self._request_futures.get(msg_id) if known else None
        if isinstance(future, asyncio.Future):
            future.cancel()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """Set the exit code; the loop that reads messages sees it and ends."""
        self.exit_code = 1 if self._shutdown_id is None else 0

    async def shutdown_answered(self) -> None:
        """Wait until a `shutdown` in progress has its response; clients may `exit` before that."""
        if self._shutdown_id is None:
            return
        answering: object = self._request_futures.get(self._shutdown_id)
        if isinstance(answering, Future):
            await is_done(asyncio.wrap_future(answering))


def _is_message(data: object) -> bool:
    if not isinstance(data, dict):
        return False
    msg_id, method = data.get("id"), data.get("method")
    if isinstance(msg_id, bool) or not isinstance(msg_id, int | str | None):
        return False
    if method is None:
        return msg_id is not None
    return isinstance(method, str) and ("id" not in data or msg_id is not None)


def _problem(error: Exception) -> str:
    """The paths of the wrong fields, without their values: those may be source code."""
    if isinstance(error, ClassValidationError):
        return "; ".join(transform_error(error))
    return "The params do not fit the method."


def _uris_in(body: bytes) -> set[str]:
    """The URIs in a message that cannot be read, if it looks as if it told a text."""
    if not any(f'{method}"'.encode() in body for method in _TEXTS):
        return set()
    named = NamedUris()
    named.read(body)
    return named.found()


def _initialize_params(params: object) -> object:
    """The params of `initialize`, cut down to the fields that the server uses.

    The others hold many enumerations. A client newer than our `lsprotocol` must not be refused for
    naming, say, a completion item kind that did not exist then.
    """
    if not isinstance(params, Mapping):
        return params
    capabilities = params.get("capabilities")
    return {
        **{name: params.get(name) for name in _FIELDS},
        "capabilities": _pick(capabilities, _CAPABILITIES) or {},
    }


_FIELDS: Final = (
    "processId",
    "clientInfo",
    "rootPath",
    "rootUri",
    "initializationOptions",
    "workspaceFolders",
)
_CAPABILITIES: Final[Mapping[str, Any]] = {
    "general": {"positionEncodings": None},
    "window": {"workDoneProgress": None},
    "workspace": {
        "configuration": None,
        "didChangeConfiguration": {"dynamicRegistration": None},
    },
    "notebookDocument": {"synchronization": {}},
}


def _pick(value: object, shape: Mapping[str, Any] | None) -> Any:
    """The parts of `value` that the shape names, at every depth."""
    if shape is None:
        return value
    if not isinstance(value, Mapping):
        return None
    return {name: _pick(value[name], inner) for name, inner in shape.items() if name in value}
