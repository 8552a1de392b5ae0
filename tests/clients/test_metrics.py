"""The metrics page, read by the Prometheus client that others wrote."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from appliance import Appliance, free_port


def test_a_parser_that_others_wrote_reads_every_line():
    port = free_port()
    with Appliance(WRIT_METRICS_LISTEN=f"127.0.0.1:{port}") as appliance:
        for _ in range(3):
            urllib.request.urlopen(f"{appliance.origin}/.well-known/jwks.json", timeout=5).read()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        samples = [sample for family in families.values() for sample in family.samples]
        told = [line for line in text.splitlines() if not line.startswith("#")]
        assert len(samples) == len(told) > 300
        assert all(family.documentation and family.type in ("counter", "gauge", "histogram") for family in families.values())
        assert families["writ_build_info"].samples[0].value == 1
        metadata = [
            sample.value
            for sample in families["writ_http_requests"].samples
            if sample.labels == {"route": "metadata", "status": "2xx"}
        ]
        assert metadata == [3.0]
        # A histogram's buckets rise, and the last one is the count.
        times = families["writ_http_request_duration_seconds"].samples
        for route in {sample.labels["route"] for sample in times}:
            of_route = [sample for sample in times if sample.labels["route"] == route]
            buckets = [sample for sample in of_route if sample.name.endswith("_bucket")]
            assert [float(sample.labels["le"]) for sample in buckets] == sorted(float(s.labels["le"]) for s in buckets)
            values = [sample.value for sample in buckets]
            assert values == sorted(values)
            assert values[-1] == next(sample.value for sample in of_route if sample.name.endswith("_count"))
        assert families["process_resident_memory_bytes"].samples[0].value > 1e6
        assert families["writ_fsync_duration_seconds"].samples[-1].name
        assert appliance.email not in text
