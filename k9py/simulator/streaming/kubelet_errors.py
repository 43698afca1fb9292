"""What a kubelet and the container runtime answer to a stream that they cannot serve, as clients see it.

Sources: kubelet's server.go and kubelet_pods.go, the CRI streaming server, apiserver's streamtranslator.go, containerd,
runc; `tests/wire/streams.json` has recorded ones. A v5 connection is already accepted when the kubelet is asked, so it
gets these as a Status in the stream; a v4 connection is passed on to the kubelet and gets them as its HTTP response.
"""

import secrets
from typing import Any

from k9py.simulator.apiserver.responses import ApiResponse, error_response, text_response
from k9py.simulator.status_errors import StatusError


class KubeletError(Exception):
    """A kubelet refuses a stream: HTTP status and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    def as_response(self) -> ApiResponse:
        """Return it as a client of v4 sees it."""
        return text_response(self.text, self.code)

    def as_status(self) -> dict[str, Any]:
        """Return it as a client of v5 sees it."""
        return internal_error(f"unable to upgrade connection: {self.text}")


class UnreachableKubeletError(KubeletError):
    """A kubelet that does not answer; `url` is that of the stream, `address` its host and port."""

    def __init__(self, address: str, url: str) -> None:
        super().__init__(500, f"dial tcp {address}: connect: connection refused")
        self._url = url

    def as_response(self) -> ApiResponse:
        return error_response(StatusError(500, "", f"error dialing backend: {self.text}"))

    def as_status(self) -> dict[str, Any]:
        return internal_error(f'error sending request: Post "{self._url}": {self.text}')


def success() -> dict[str, Any]:
    """Return the status of a command that exited with 0."""
    return {"metadata": {}, "status": "Success"}


def exit_code(code: int) -> dict[str, Any]:
    """Return the status of a command that exited with another code."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def internal_error(text: str) -> dict[str, Any]:
    """Return the status of a failure that the API server passes on."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {text}",
        "reason": "InternalError",
        "details": {"causes": [{"message": text}]},
        "code": 500,
    }


def cannot_start(why: str) -> dict[str, Any]:
    """Return the status of a command that the runtime cannot start; `why` is runc's message."""
    runtime = (
        f'failed to exec in container: failed to start exec "{secrets.token_hex(32)}": OCI runtime exec failed: '
        f"exec failed: unable to start container process: {why}: unknown"
    )
    return internal_error(f"Internal error occurred: error executing command in container: {runtime}")


def not_in_path(name: str) -> str:
    """Return runc's message for a command that does not exist."""
    if "/" in name:
        return f'exec: "{name}": stat {name}: no such file or directory'
    return f'exec: "{name}": executable file not found in $PATH'


def as_v4(status: dict[str, Any]) -> dict[str, Any]:
    """Return a status as a v4 client gets it, from the kubelet itself: without what the API server adds."""
    plain = {key: value for key, value in status.items() if key != "metadata"}
    match status.get("reason"):
        case "NonZeroExitCode":
            code = status["details"]["causes"][0]["message"]
            plain["message"] = f"command terminated with non-zero exit code: exit status {code}"
        case "InternalError":
            plain["message"] = status["message"].removeprefix("Internal error occurred: ")
            del plain["details"]
        case _:
            pass
    return plain
