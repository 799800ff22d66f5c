"""uvicorn server whose connections are accepted in Rust.

Imported only where uvicorn runs, as ``http_protocol``.
"""

import gc
import inspect
import logging
import socket
import time
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn.supervisors import multiprocess

from fraiseql.cli.native_choice import bare, python_reason
from fraiseql.cli.native_front import NativeFront
from fraiseql.http.endpoint import Application
from fraiseql.native import Engine

_CHECK_SECONDS: Final = 30

_logger = logging.getLogger("uvicorn.error")


class NativeServer(Server):
    """Server of one process; uvicorn has its loop, its signals and the application's lifespan.

    Attributes:
        failed: Whether the native server has ended by itself.
        owns_process: Whether nothing else runs in the process.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.failed = False
        self.owns_process = True
        self._front: NativeFront | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections natively if it may be so."""
        await self._start(sockets)
        if self.owns_process and not self.should_exit:
            # A full collection would walk through the schema and the catalog, and stop requests.
            gc.collect()
            gc.freeze()

    async def _start(self, sockets: list[socket.socket] | None) -> None:
        app = bare(self.config.loaded_app)
        if app is None or not sockets or python_reason(app) is not None:
            await super().startup(sockets=sockets)
            return
        engine = Engine()
        # Before the application starts: it then hands its plans over.
        app.serve_natively(engine)
        await super().startup(sockets=[])
        self._front = self._front_of(app, engine)
        self._front.start(sockets[0])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the responses of both servers within one grace period."""
        front = self._front
        if front is None:
            await super().shutdown(sockets)
            return
        try:
            start = time.monotonic()
            grace = float(self.config.timeout_graceful_shutdown or 0)
            await front.drain(grace, lambda: self.force_exit)
            left = max(0.0, grace - (time.monotonic() - start))
            self.config.timeout_graceful_shutdown = left  # type: ignore[assignment]
            await super().shutdown(sockets)
        finally:
            front.stop()

    def _front_of(self, app: Application, engine: Engine) -> NativeFront:
        state = self.lifespan.state
        return NativeFront(self.config, self.server_state, state, (app.path, engine), self._fail)

    def _fail(self) -> None:
        _logger.critical("The native server has ended by itself, so the process ends too.")
        self.failed = self.should_exit = True


class _Worker(multiprocess.Process):
    """One of several processes."""

    @property
    def server(self) -> Server:
        """The server of the process, made in it."""
        if self._server is None:
            self._server = NativeServer(self.config)
        return self._server


def run_workers(config: Config) -> None:
    """Serve with other processes, which accept the connections of one socket."""
    sockets = [config.bind_socket()]
    # A process imports the application's packages before it answers its first check.
    config.timeout_worker_healthcheck = _CHECK_SECONDS
    supervisor: Any = multiprocess.Multiprocess
    if "target" in inspect.signature(supervisor).parameters:  # an older uvicorn
        supervisor(config, target=NativeServer(config).run, sockets=sockets).run()
        return
    # The supervisor takes no class of processes.
    multiprocess.Process = _Worker  # type: ignore[misc]
    supervisor(config, sockets=sockets).run()
