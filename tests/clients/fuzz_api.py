"""Schemathesis against the administrators' API: every operation of the served OpenAPI document is asked for what the document allows,
and for what it does not. Whatever is sent, nothing breaks, and what comes back is what the document says.

Not collected by itself (`tests/run api` names it): it takes minutes."""

import json
import secrets
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from appliance import Appliance

CONFIG = Path(__file__).with_name("schemathesis.toml")
# Turning the keys ends none of them: those before stay published, and the run's own token stays good. It has a run of its own because
# each turn makes new keys, which takes its time, and leaves more of them for every request behind it to choose from.
KEYS = "rotateKeys"
# What takes `writ:admin`, which the run of everything has not: there it is refused. A run with that scope asks for it, and for what
# leads there. To apply may retire the machine whose token it is, so that comes last and alone.
ADMIN = (
    *("trustProvider", "listProviders", "showProvider", "changeProvider", "removeProvider"),
    *("linkSubject", "listSubjectLinks", "showSubjectLink", "unlinkSubject"),
    *("planState", "exportState"),
)
APPLY = "applyState"
# A hundred operations, on a machine that does other things as well.
SECONDS = 900


def token(appliance: Appliance, admin: bool) -> str:
    """A token that has every scope but `writ:admin`, of a machine that has that one too: nobody stops what reaches further than they
    do, so the run cannot end itself. With `admin` it has that scope as well, and asks for less."""
    own = [entry["scope"] for entry in appliance.writ("scope", "list")["scopes"] if entry["scope"].startswith("writ:")]
    held = [word for scope in own for word in ("--scope", scope)]
    machine = appliance.writ(
        "machine", "add", "--name", "fuzzer", "--owner", appliance.email, "--purpose", "tests", *held
    )
    body = urllib.parse.urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": machine["client_id"],
            "client_secret": machine["client_secret"],
            "resource": appliance.origin,
            "scope": " ".join(scope for scope in own if admin or scope != "writ:admin"),
        }
    )
    request = urllib.request.Request(f"{appliance.origin}/oauth/token", body.encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        access_token = json.load(answer)["access_token"]
    appliance.remember(access_token=access_token)
    return access_token


def furnish(appliance: Appliance):
    """Something of each kind, so that lists are not empty."""
    appliance.writ("resource", "add", "https://tickets.example/mcp", "--name", "Tickets", "--scope", "mcp:read")
    password = f"correct horse {secrets.token_hex(8)}"
    appliance.remember(password_of_bob=password)
    bob = ("--email", "bob@people.example", "--name", "Bob", "--password-stdin")
    appliance.writ("person", "add", *bob, stdin=password)
    about = ("--owner", appliance.email, "--purpose", "tests")
    machine = appliance.writ("machine", "add", "--name", "importer", *about)
    appliance.remember(machine_secret=machine["client_secret"])
    rules = ("--rule", "repository_id=74", "--rule", "repository_owner_id=65", "--rule", "ref=refs/heads/main")
    appliance.writ("credential", "add", "importer", "--kind", "trust", "--preset", "github", *rules)
    appliance.remember(access_key=appliance.writ("credential", "add", "importer", "--kind", "access-key")["access_key"])
    appliance.writ("provider", "add", "--issuer", "https://login.example")
    appliance.writ("provider", "link", "https://login.example", "U1", "--person", "bob@people.example")
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    wiki = appliance.writ(
        *("client", "add", "--name", "Wiki", "--auth", "client_secret_basic", "--grant", exchange, "--redirect-uri", "https://app.example/cb")
    )
    appliance.remember(secret_of_wiki=wiki["client_secret"])
    appliance.writ(
        *("crossing", "add", "--client", wiki["client_id"], "--audience", "https://chat.example", "--scope", "chat.read")
    )
    for name in ("Mail", "Notes", "Calendar"):
        document = {"client_name": name, "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none"}
        body, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{appliance.origin}/oauth/register", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            appliance.remember_tokens(json.load(answer))


def schemathesis(appliance: Appliance, bearer: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [
        Path(sys.executable).with_name("st"),
        "--config-file",
        CONFIG,
        "run",
        f"{appliance.origin}/api/v1/openapi.json",
        "--header",
        f"Authorization: Bearer {bearer}",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=appliance.directory)


def only(*ids: str) -> tuple[str, ...]:
    return tuple(word for operation in ids for word in ("--include-operation-id", operation))


# One operation leads nowhere, so there is no walk from one to the next.
ALONE = ("--phases", "examples,coverage,fuzzing")
RUNS = {
    "all": (False, ("--exclude-operation-id", KEYS)),
    "keys": (False, (*only(KEYS), *ALONE)),
    "admin": (True, only(*ADMIN)),
    "apply": (True, (*only(APPLY), *ALONE)),
}


@pytest.mark.parametrize(("name", "admin", "operations"), [(name, *run) for name, run in RUNS.items()], ids=RUNS)
def test_schemathesis_finds_nothing(name, admin, operations):
    with Appliance(WRIT_REGISTRATION_MODE="approval") as appliance:
        bearer = token(appliance, admin)
        furnish(appliance)
        run = schemathesis(appliance, bearer, *operations)
        print(run.stdout[-20_000:])
        # Not the run itself: its arguments have the token.
        code = run.returncode
        assert code == 0, run.stdout[-20_000:] + run.stderr[-4_000:]
        # Whatever it stopped and ended, its own token was good to the last.
        if name != "apply":
            assert appliance.writ("machine", "show", "fuzzer")["state"] == "active"
        verdict = appliance.writ("audit", "verify")
        assert verdict["intact"], verdict
