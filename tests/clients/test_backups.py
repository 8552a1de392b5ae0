"""Backups that are copied to a store that speaks S3: moto's server, started here, and boto3 to look into it."""

import shutil
import subprocess
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from appliance import Appliance, Refused, binary, free_port

BUCKET = "backups"
SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module")
def store():
    """The store's address, and a client that looks into its one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=SECRET
    )
    client.create_bucket(Bucket=BUCKET)
    yield address, client
    server.stop()


def settings(address: str, **more: str) -> dict[str, str]:
    return {
        "WRIT_BACKUP_S3_ENDPOINT": address,
        "WRIT_BACKUP_S3_BUCKET": BUCKET,
        "WRIT_BACKUP_S3_PREFIX": "writ/",
        "WRIT_BACKUP_S3_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "WRIT_BACKUP_S3_SECRET_ACCESS_KEY": SECRET,
        "WRIT_BACKUP_S3_PRIVATE": "true",
        **more,
    }


def names(client) -> list[str]:
    return sorted(one["Key"] for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", []))


def test_a_backup_is_there_whole_and_can_be_restored_from_there(store, tmp_path):
    address, client = store
    with Appliance(**settings(address)) as appliance:
        appliance.remember(s3_secret=SECRET)
        made = appliance.writ("backup")
        local = Path(made["file"])
        assert made["object"] == f"writ/{local.name}"
        assert names(client) == [made["object"]]
        fetched = client.get_object(Bucket=BUCKET, Key=made["object"])["Body"].read()
        assert fetched == local.read_bytes()

        # Somewhere named is somewhere else: it is not copied.
        appliance.writ("backup", str(tmp_path / "mine"))
        assert names(client) == [made["object"]]

        # What came back from there begins an appliance, with the key from its own place.
        drill = tmp_path / "drill"
        drill.mkdir(mode=0o700)
        shutil.copy(appliance.data / "master.key", drill / "master.key")
        copy = tmp_path / "fetched.backup"
        copy.write_bytes(fetched)
        told = appliance.writ("restore", str(copy), "--into", str(drill))
        assert told["entries"] == made["entries"]
        people = subprocess.run(
            [binary(), "person", "list", "--json", "--data", drill], capture_output=True, text=True, env=appliance.environment
        )
        assert appliance.email in people.stdout, people.stderr


def test_a_store_inside_is_called_only_if_the_settings_say_so(store):
    address, client = store
    before = names(client)
    with Appliance(**settings(address, WRIT_BACKUP_S3_PRIVATE="false")) as appliance:
        with pytest.raises(Refused, match="s3_private"):
            appliance.writ("backup")
        assert "s3_private" in appliance.writ("backup", "list")["failed"]
        # The one here was made and tried all the same.
        assert len(list((appliance.data / "backups").glob("writ-*.backup"))) == 1
    assert names(client) == before


def test_a_bucket_that_is_not_there_is_said_and_no_secret_is(store):
    address, _ = store
    with Appliance(**settings(address, WRIT_BACKUP_S3_BUCKET="nowhere")) as appliance:
        appliance.remember(s3_secret=SECRET)
        with pytest.raises(Refused, match="status 404") as refused:
            appliance.writ("backup")
        assert SECRET not in str(refused.value) and "Signature" not in str(refused.value)


def test_a_store_that_does_not_answer_is_said(store):
    with Appliance(**settings(f"http://127.0.0.1:{free_port()}")) as appliance:
        with pytest.raises(Refused, match="took no backup"):
            appliance.writ("backup")
