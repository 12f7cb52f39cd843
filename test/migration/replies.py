"""A server whose responses a script determines."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(*statuses, body=b"[]"):
    """Runs a server that responds with each status in turn, and with the last one from
    then on.

    Sets ``UBIOPS_API_HOST`` for the time being, and gives the list of requests, each a
    triple of path, headers and body.
    """
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            requests.append((self.path, dict(self.headers), content))
            self.send_response(statuses[min(len(requests), len(statuses)) - 1])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-ratelimit-reset", "0")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = reply

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        before = os.environ["UBIOPS_API_HOST"]
        os.environ["UBIOPS_API_HOST"] = f"http://127.0.0.1:{server.server_port}/v2.1"
        try:
            yield requests
        finally:
            os.environ["UBIOPS_API_HOST"] = before
            server.shutdown()
            thread.join()
