"""What stands in front of moto: S3's API is that of Cloud Storage's XML API but for two things, which
are translated here: preconditions name generations, and what was written has one. It can also break
downloads off."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler

# After how many bytes a download breaks off.
CUT = 100_000
CUTS = 3


class State:
    def __init__(self, port, cut=False):
        self.port, self.cut = port, cut
        self.lock = threading.Lock()
        self.cuts = {}
        self.pages = 0

    def is_due(self, path):
        """Whether this download is to break off."""
        with self.lock:
            count = self.cuts.get(path, 0)
            is_due = self.cut and count < CUTS
            self.cuts[path] = count + is_due
            return is_due


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.state.port)
        connection.request(method, path, body, headers or {})
        return connection.getresponse()

    def give(self, code, headers, body):
        self.send_response(code)
        for name, value in headers:
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def forward(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        if headers.get("x-goog-if-generation-match") == "0":
            headers["If-None-Match"] = "*"
        self.server.state.pages += "list-type" in self.path
        response = self.ask(self.command, self.path, body, headers)
        content = response.read()
        given = response.getheaders()
        is_download = self.command == "GET" and "?" not in self.path and response.status in (200, 206)
        if is_download and len(content) > CUT and self.server.state.is_due(self.path):
            self.send_response(response.status)
            for name, value in given:
                if name.lower() != "connection":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[:CUT])
            self.close_connection = True
            return None
        if self.command == "HEAD":
            self.send_response(response.status)
            for name, value in given:
                if name.lower() != "connection":
                    self.send_header(name, value)
            return self.end_headers()
        return self.give(response.status, given, content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward
