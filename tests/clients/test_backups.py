"""Backups that are copied to a store that speaks S3: moto's server, started here, and boto3 to look into it."""

import base64
import json
import secrets
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
import requests
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


class Door:
    """Stands before the store, on an address of its own, and lets requests through as a test says: it passes bytes on and knows nothing of S3."""

    def __init__(self, address: str):
        self.there = address.removeprefix("http://").rsplit(":", 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked: list[str] = []
        self.let_through()
        self.watch()
        threading.Thread(target=self.serve, daemon=True).start()

    def let_through(self):
        """Everything, from now on."""
        self.trouble = lambda _: None

    def watch(self):
        """From now on `seen` tells of trouble on connections that are yet to come."""
        self.seen = threading.Event()

    def serve(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(caller,), daemon=True).start()

    def carry(self, caller: socket.socket):
        seen = self.seen
        with caller, socket.create_connection((self.there[0], int(self.there[1]))) as there:
            begun = caller.recv(65_536)
            first = begun.split(b"\r\n", 1)[0].decode()
            self.asked.append(first)
            trouble = self.trouble(first)
            if trouble == "cut":
                # Once some of it has come, as when somebody pulls the plug.
                caller.recv(65_536)
                seen.set()
                return
            there.sendall(begun)
            threading.Thread(target=self.back, args=(there, caller), daemon=True).start()
            try:
                while part := caller.recv(65_536):
                    if trouble == "slow":
                        seen.set()
                        time.sleep(0.05)
                    there.sendall(part)
            except OSError:
                return

    @staticmethod
    def back(there: socket.socket, caller: socket.socket):
        try:
            while part := there.recv(65_536):
                caller.sendall(part)
            caller.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def parts(self) -> list[str]:
        return [line.split("partNumber=")[1].split("&")[0] for line in self.asked if line.startswith("PUT ") and "partNumber=" in line]


def fill(appliance: Appliance):
    """More than eleven MiB that nothing makes smaller: applications with as many keys as one may have."""

    def register(_: int):
        key = lambda: {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(secrets.token_bytes(1_024)).rstrip(b"=").decode()}
        keys = [key() for _ in range(20)]
        about = {
            "client_name": "Large", "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": keys},
            "grant_types": ["authorization_code"], "response_types": ["code"], "redirect_uris": ["https://large.example/callback"],
        }  # fmt: skip
        assert requests.post(f"{appliance.origin}/oauth/register", json=about, timeout=30).status_code == 201

    with ThreadPoolExecutor(8) as people:
        list(people.map(register, range(580)))


@pytest.fixture(scope="module")
def large(store):
    """An appliance whose backups go in parts of 5 MiB, the least that such a store takes, through a door."""
    address, client = store
    door = Door(address)
    more = {"WRIT_BACKUP_S3_PART_MIB": "5", "WRIT_BACKUP_S3_PREFIX": "large/", "WRIT_LIMITS_REGISTER": "0"}
    with Appliance(**settings(door.address, **more)) as appliance:
        appliance.remember(s3_secret=SECRET)
        fill(appliance)
        yield appliance, door, client
    door.listener.close()


def unfinished(client) -> list[str]:
    return [one["UploadId"] for one in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]


def test_a_large_backup_goes_in_parts_and_comes_back_whole(large, tmp_path):
    appliance, door, client = large
    door.asked.clear()
    made = run(appliance, appliance.data, "backup")
    local = Path(made["file"])
    assert len(door.parts()) >= 3 and door.parts() == [str(number + 1) for number in range(len(door.parts()))]
    there = client.get_object(Bucket=BUCKET, Key=made["object"])
    # What was put together of so many parts.
    assert there["ETag"].endswith(f'-{len(door.parts())}"')
    assert there["Body"].read() == local.read_bytes() and unfinished(client) == []

    # From there to an appliance elsewhere, with the key from its own place and nothing else.
    drill = tmp_path / "drill"
    drill.mkdir(mode=0o700)
    elsewhere = lambda *arguments: run(appliance, drill, *arguments)
    listed = elsewhere("backup", "fetch", "--list")["backups"]
    assert [(one["name"], one["bytes"]) for one in listed] == [(local.name, local.stat().st_size)]
    keyless = elsewhere("backup", "fetch", local.name)
    assert keyless["opened"] is False and "master.key is missing" in keyless["note"]
    shutil.copy(appliance.data / "master.key", drill / "master.key")
    with pytest.raises(Refused, match="is there already: with --replace it goes"):
        elsewhere("backup", "fetch", local.name)
    fetched = elsewhere("backup", "fetch", "--newest", "--replace")
    assert fetched["opened"] is True and fetched["object"] == made["object"] and fetched["entries"] == made["entries"]
    copy = drill / "backups" / local.name
    assert Path(fetched["file"]) == copy and copy.read_bytes() == local.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    named = elsewhere("backup", "fetch", made["object"], "--to", str(tmp_path / "to"))
    assert Path(named["file"]) == tmp_path / "to" / local.name

    told = elsewhere("restore", str(copy))
    assert told["entries"] == made["entries"]
    assert elsewhere("audit", "verify")["intact"] is True

    # What is not as it was sent is not kept, and takes nobody's place.
    damaged = bytearray(local.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    client.put_object(Bucket=BUCKET, Key=f"large/{local.name}", Body=bytes(damaged))
    with pytest.raises(Refused, match="was changed or damaged") as refused:
        elsewhere("backup", "fetch", local.name, "--replace")
    assert SECRET not in str(refused.value) and "Signature" not in str(refused.value)
    assert copy.read_bytes() == local.read_bytes()
    client.put_object(Bucket=BUCKET, Key=f"large/{local.name}", Body=local.read_bytes()[:-1])
    with pytest.raises(Refused, match="was changed or damaged: it has"):
        elsewhere("backup", "fetch", local.name, "--replace")
    assert sorted(one.name for one in copy.parent.iterdir()) == [local.name]
    client.delete_object(Bucket=BUCKET, Key=f"large/{local.name}")
    with pytest.raises(Refused, match="there is no large/writ-"):
        elsewhere("backup", "fetch", local.name, "--replace")
    for name in ["../x.backup", "x", "/etc/passwd"]:
        with pytest.raises(Refused, match="no name of a backup"):
            elsewhere("backup", "fetch", name)


def test_a_part_that_breaks_is_sent_again_and_one_that_always_breaks_takes_all_of_them_back(large):
    appliance, door, client = large
    door.asked.clear()
    left = iter(["cut"])
    door.trouble = lambda first: next(left, None) if "partNumber=2&" in first else None
    made = run(appliance, appliance.data, "backup")
    assert door.parts()[:4] == ["1", "2", "2", "3"]
    assert client.get_object(Bucket=BUCKET, Key=made["object"])["Body"].read() == Path(made["file"]).read_bytes()

    door.asked.clear()
    before = names(client)
    door.trouble = lambda first: "cut" if "partNumber=2&" in first else None
    with pytest.raises(Refused, match="is nowhere else: the object store took no part 2"):
        run(appliance, appliance.data, "backup")
    assert door.parts() == ["1", "2", "2", "2", "2"]
    assert names(client) == before and unfinished(client) == []
    door.let_through()


def test_a_stop_in_the_middle_takes_back_what_was_sent_and_a_kill_leaves_that_to_the_next(large):
    appliance, door, client = large
    before = names(client)
    door.watch()
    door.trouble = lambda first: "slow" if "partNumber=2&" in first else None
    asking = begin(appliance)
    assert door.seen.wait(300)
    assert len(unfinished(client)) == 1
    appliance.stop()
    asking.wait(30)
    assert unfinished(client) == [] and names(client) == before
    assert "was stopped while it was sent" in run(appliance, appliance.data, "backup", "list")["failed"]

    appliance.start()
    door.watch()
    asking = begin(appliance)
    assert door.seen.wait(300)
    appliance.process.kill()
    appliance.process.wait()
    asking.wait(30)
    assert len(unfinished(client)) == 1 and names(client) == before
    door.let_through()
    appliance.start()
    made = run(appliance, appliance.data, "backup")
    assert unfinished(client) == [] and names(client) == sorted([*before, made["object"]])


def begin(appliance: Appliance) -> subprocess.Popen:
    command = [binary(), "backup", "--json", "--data", appliance.data]
    return subprocess.Popen(command, env=appliance.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(appliance: Appliance, data: Path, *arguments: str):
    """The same settings over another data directory, or over one that nobody serves."""
    command = [binary(), *arguments, "--json", "--data", data]
    ran = subprocess.run(command, capture_output=True, text=True, env=appliance.environment, timeout=300)
    if ran.returncode != 0:
        raise Refused(f"{ran.stdout}{ran.stderr}")
    return json.loads(ran.stdout)
