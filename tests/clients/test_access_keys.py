"""A hosted service's own SDK, told only another base URL: it exchanges an access key, verifies the session and reads the claims."""

import pytest
import requests
from descope import AccessKeyLoginOptions, AuthException, DescopeClient

PROJECT = "P2writ"


@pytest.fixture(scope="module")
def made(appliance):
    appliance.writ("tenant", "add", PROJECT, "--title", "Acme")
    appliance.writ("role", "add", "indexer", "--in", PROJECT, "--permission", "index:read", "--permission", "index:update")
    machine = appliance.writ(
        "machine", "add", "--name", "nightly", "--owner", appliance.email, "--purpose", "Tests", "--tenant", PROJECT, "--no-secret",
        "--role", "indexer", "--claim", "team=night", "--scope", "mcp:read", "--access-lifetime", "24h",
    )  # fmt: skip
    key = appliance.writ("credential", "add", "nightly", "--in", PROJECT, "--kind", "access-key")
    appliance.remember(access_key=key["access_key"])
    return {**machine, **key}


@pytest.fixture(scope="module")
def client(appliance):
    return DescopeClient(project_id=PROJECT, base_url=appliance.origin)


def test_descope_exchanges_an_access_key(appliance, client, made):
    session = client.exchange_access_key(made["access_key"])
    token = session["sessionToken"]
    appliance.remember(session=token["jwt"])
    assert session["keyId"] == token["sub"] == made["client_id"]
    assert session["roles"] == ["indexer"] and session["permissions"] == ["index:read", "index:update"]
    assert token["type"] == "machine" and token["tenantId"] == PROJECT and token["customClaims"] == {"team": "night"}
    assert token["exp"] - token["iat"] == 24 * 3600
    assert client.validate_permissions(session, ["index:read"]) and not client.validate_permissions(session, ["users.create"])
    assert client.validate_roles(session, ["indexer"]) and not client.validate_roles(session, ["admin"])


def test_descope_validates_what_it_was_given(appliance, client, made):
    jwt = client.exchange_access_key(made["access_key"])["sessionToken"]["jwt"]
    appliance.remember(another_session=jwt)
    assert client.validate_session(jwt)["sub"] == made["client_id"]
    with pytest.raises(Exception):
        client.validate_session(jwt[:-6] + "AAAAAA")
    with pytest.raises(Exception):
        DescopeClient(project_id="P2other", base_url=appliance.origin).validate_session(jwt)


def test_descope_is_told_why_not(appliance, client, made):
    for wrong, status in [(made["access_key"][:-2] + "xx", 401), ("K2madeup", 401)]:
        with pytest.raises(AuthException) as refused:
            client.exchange_access_key(wrong)
        assert refused.value.status_code == status and wrong not in str(refused.value)
    with pytest.raises(AuthException) as refused:
        client.exchange_access_key(made["access_key"], login_options=AccessKeyLoginOptions(custom_claims={"roles": ["admin"]}))
    assert refused.value.status_code == 400 and "customClaims" in str(refused.value)
    with pytest.raises(AuthException):
        DescopeClient(project_id="P2other", base_url=appliance.origin).exchange_access_key(made["access_key"])


def test_the_same_key_at_the_token_endpoint(appliance, made):
    answer = requests.post(
        f"{appliance.origin}/oauth/token",
        data={"grant_type": "client_credentials", "client_secret": made["access_key"]},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    appliance.remember_tokens(answer.json())
    assert answer.json()["expires_in"] == 24 * 3600
