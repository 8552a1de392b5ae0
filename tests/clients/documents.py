"""A web site over https with the test authority's certificate, for client-id metadata documents and key sets."""

import http.server
import json
import ssl
import threading

from appliance import TLS


class Documents:
    """Use as a context manager. `put("/client.json", {...})` serves it at `url("/client.json")`; `asked` counts."""

    def __init__(self, host: str = "localhost"):
        self.host = host
        self.pages: dict[str, bytes] = {}
        self.asked: dict[str, int] = {}

    def url(self, path: str) -> str:
        return f"https://{self.host}:{self.port}{path}"

    def put(self, path: str, document: dict) -> str:
        self.pages[path] = json.dumps(document).encode()
        return self.url(path)

    def __enter__(self) -> "Documents":
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = site.pages.get(self.path)
                site.asked[self.path] = site.asked.get(self.path, 0) + 1
                self.send_response(404 if body is None else 200)
                self.send_header("content-type", "application/json")
                self.send_header("cache-control", "max-age=60")
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "leaf.pem", TLS / "leaf.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
