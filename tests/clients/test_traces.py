"""Traces, read by the message classes that OpenTelemetry publishes."""

import http.server
import json
import secrets
import threading
import urllib.request

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from appliance import Appliance


def test_what_a_collector_is_sent_is_the_message_that_it_expects():
    received = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    credential = secrets.token_hex(16)
    trace = secrets.token_hex(16)
    with Appliance(
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
        OTEL_EXPORTER_OTLP_HEADERS=f"authorization=Bearer%20{credential}",
    ) as appliance:
        appliance.remember(collector=credential)
        request = urllib.request.Request(
            f"{appliance.origin}/.well-known/jwks.json", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        )
        urllib.request.urlopen(request, timeout=5).read()
        appliance.stop()
        assert received, "what waits is sent before the process ends"
        for path, headers, body in received:
            assert (path, headers["Content-Type"]) == ("/v1/traces", "application/json")
            assert headers["Authorization"] == f"Bearer {credential}"
            # Every member is one of the message's, and of its type. (The JSON of OTLP has ids in hex, where protobuf's own has
            # base64: so they are looked at below.)
            json_format.Parse(body, ExportTraceServiceRequest())
        spans = [
            span
            for _, _, body in received
            for resource in json.loads(body)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
        ours = [span for span in spans if span["traceId"] == trace]
        assert [(span["name"], span["parentSpanId"]) for span in ours] == [("GET /.well-known/jwks.json", "00f067aa0ba902b7")]
        bytes.fromhex(ours[0]["spanId"])
    server.shutdown()
