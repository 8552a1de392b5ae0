"""Plain OAuth libraries that know nothing of Writ: Authlib, requests-oauthlib, PyJWT."""

import asyncio
import json
import secrets
import time

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from browser import Callback, approve, chromium
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session

from appliance import scopes

API = "https://api.example/v1"


@pytest.fixture(scope="module")
def api(appliance):
    appliance.writ("resource", "add", API, "--name", "Example", "--scope", "mcp:read", "--scope", "mcp:write")
    return API


@pytest.fixture(scope="module")
def metadata(appliance):
    answer = requests.get(f"{appliance.origin}/.well-known/oauth-authorization-server", timeout=10)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    return answer.json()


def verified(metadata: dict, token: str, audience: str) -> dict:
    """The claims of an access token, checked as a resource server checks it: with PyJWT and the published keys."""
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    return jwt.decode(
        token,
        key,
        algorithms=["ES256"],
        audience=audience,
        issuer=metadata["issuer"],
        options={"require": ["exp", "iat", "iss", "sub", "aud", "jti", "client_id"]},
    )


def machine(appliance, api, method: str, *more: str) -> dict:
    return appliance.writ(
        "client", "add", "--name", f"library {method}", "--auth", method, "--grant", "client_credentials",
        "--resource", api, "--scope", "mcp:read", "--scope", "mcp:write", *more,
    )  # fmt: skip


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_client_credentials(appliance, api, metadata, method):
    made = machine(appliance, api, method)
    session = OAuth2Session(
        made["client_id"], made["client_secret"], token_endpoint_auth_method=method, scope="mcp:read"
    )
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", resource=api)
    appliance.remember_tokens(token)
    assert token["token_type"] == "Bearer" and token["scope"] == "mcp:read"
    claims = verified(metadata, token["access_token"], api)
    assert claims["sub"] == claims["client_id"] == made["client_id"] and claims["scope"] == "mcp:read"


def test_authlib_wrong_secret_is_invalid_client(appliance, api, metadata):
    made = machine(appliance, api, "client_secret_basic")
    answer = requests.post(
        metadata["token_endpoint"],
        data={"grant_type": "client_credentials", "resource": api},
        auth=(made["client_id"], made["client_secret"][:-1] + "!"),
        timeout=10,
    )
    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
    assert answer.headers["www-authenticate"].lower().startswith("basic"), "RFC 6749 §5.2"


@pytest.mark.parametrize(("algorithm", "headers"), [("RS256", None), ("PS256", {"kid": "k1"})])
def test_authlib_private_key_jwt(appliance, api, metadata, tmp_path, algorithm, headers):
    """Authlib as it comes: the audience of its assertion is the token endpoint, it lives for an hour, and the header
    names no key unless told to."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    public.pop("key_ops", None)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [{**public, "kid": "k1", "use": "sig", "alg": algorithm}]}))
    made = machine(appliance, api, "private_key_jwt", "--jwks", str(keys))
    assert "client_secret" not in made
    session = OAuth2Session(made["client_id"], pem, token_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(
        PrivateKeyJWT(metadata["token_endpoint"], headers=headers, alg=algorithm)
    )
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", resource=api)
    appliance.remember_tokens(token)
    assert verified(metadata, token["access_token"], api)["client_id"] == made["client_id"]


def test_authlib_client_secret_jwt_is_refused(appliance, api, metadata):
    """An assertion signed with a shared secret (HMAC) is never a client authentication here."""
    made = machine(appliance, api, "client_secret_basic")
    session = OAuth2Session(made["client_id"], made["client_secret"], token_endpoint_auth_method="client_secret_jwt")
    session.register_client_auth_method(ClientSecretJWT(metadata["token_endpoint"]))
    with pytest.raises(Exception) as refused:
        session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", resource=api)
    assert "invalid_client" in str(refused.value)


def test_requests_oauthlib_client_credentials(appliance, api, metadata, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    made = machine(appliance, api, "client_secret_basic")
    session = RequestsOAuth2Session(client=BackendApplicationClient(client_id=made["client_id"]))
    token = session.fetch_token(
        metadata["token_endpoint"],
        client_id=made["client_id"],
        client_secret=made["client_secret"],
        resource=api,
    )
    appliance.remember_tokens(token)
    assert set(token["scope"]) == {"mcp:read"}, "without scope: the resource's default set (nothing risky), and it is said"
    assert token["expires_in"] > 0


def test_authlib_code_flow_rotation_and_revocation(appliance, api, metadata):
    """Code with PKCE for a public client, id token, three refreshes in a row, replay, revocation."""

    async def run():
        async with chromium() as browser, Callback() as callback:
            made = appliance.writ(
                "client", "add", "--name", "Desktop", "--redirect-uri", "http://127.0.0.1/callback",
                "--resource", api,
                *(word for name in ("openid", "offline_access", "mcp:read", "mcp:write") for word in ("--scope", name)),
            )  # fmt: skip
            assert "client_secret" not in made
            session = OAuth2Session(
                made["client_id"],
                token_endpoint_auth_method="none",
                redirect_uri=callback.uri,
                scope="openid offline_access mcp:read",
                code_challenge_method="S256",
            )
            verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
            appliance.remember(verifier=verifier)
            link, state = session.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, resource=api
            )
            await approve(browser, appliance, link)
            answer = await callback.answer()
            assert answer["state"] == state and answer["iss"] == metadata["issuer"]
            return made, session, verifier, nonce, answer["code"], callback.uri

    made, session, verifier, nonce, code, uri = asyncio.run(run())
    appliance.remember(code=code)
    token = session.fetch_token(
        metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=uri
    )
    appliance.remember_tokens(token)
    assert scopes(token["scope"]) == {"openid", "offline_access", "mcp:read"}
    claims = verified(metadata, token["access_token"], api)
    assert claims["client_id"] == made["client_id"] and claims["sub"] != made["client_id"]

    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token["id_token"])
    identity = jwt.decode(
        token["id_token"],
        key,
        algorithms=metadata.get("id_token_signing_alg_values_supported", ["RS256", "ES256", "EdDSA"]),
        audience=made["client_id"],
        issuer=metadata["issuer"],
    )
    assert identity["nonce"] == nonce and identity["sub"] == claims["sub"] and identity["auth_time"] <= identity["iat"]

    chain = [token]
    for _ in range(3):
        fresh = session.refresh_token(metadata["token_endpoint"], refresh_token=chain[-1]["refresh_token"])
        appliance.remember_tokens(fresh)
        assert fresh["refresh_token"] != chain[-1]["refresh_token"]
        assert fresh["access_token"] != chain[-1]["access_token"]
        assert scopes(fresh["scope"]) == scopes(token["scope"]), "a refresh without scope keeps all of it"
        assert verified(metadata, fresh["access_token"], api)["sub"] == claims["sub"]
        chain.append(dict(fresh))

    # The first refresh token is a grandparent by now: a thief is using it, and the family dies (RFC 9700 §4.14.2).
    for spent in (chain[0], chain[-1]):
        answer = requests.post(
            metadata["token_endpoint"],
            data={
                "grant_type": "refresh_token",
                "refresh_token": spent["refresh_token"],
                "client_id": made["client_id"],
            },
            timeout=10,
        )
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant"

    # A spent code is refused too.
    answer = requests.post(
        metadata["token_endpoint"],
        data={
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": uri,
            "client_id": made["client_id"],
        },
        timeout=10,
    )
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant"

    # RFC 7009 §2.2: revoking what is dead already is a success, and a public client names itself in the body.
    answer = requests.post(
        metadata["revocation_endpoint"],
        data={"token": chain[-1]["refresh_token"], "client_id": made["client_id"]},
        timeout=10,
    )
    assert answer.status_code == 200


def test_metadata_holds_no_null_and_no_empty_member(metadata):
    def walk(value, path=""):
        assert value is not None and value != "" and value != [] and value != {}, f"empty member at {path}"
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, f"{path}.{name}")

    walk(metadata)
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["client_id_metadata_document_supported"] is True


ID_JAG_ISSUER = "https://idp.example"


def test_a_provider_with_pyjwt_speaks_for_a_person(appliance, api, metadata, tmp_path):
    """An identity provider that is not Writ (PyJWT signs for it), and Authlib as the application that carries its word."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "idp-1"}
    keys = tmp_path / "idp.json"
    keys.write_text(json.dumps({"keys": [jwk]}))
    appliance.writ("provider", "add", "--issuer", ID_JAG_ISSUER, "--jwks", str(keys))
    link = appliance.writ("provider", "link", ID_JAG_ISSUER, "U019488227", "--person", appliance.email)
    made = appliance.writ(
        "client", "add", "--name", "wiki", "--auth", "client_secret_basic", "--scope", "mcp:read",
        "--grant", "urn:ietf:params:oauth:grant-type:jwt-bearer",
    )  # fmt: skip
    now = int(time.time())
    claims = {
        "iss": ID_JAG_ISSUER, "sub": "U019488227", "aud": metadata["issuer"], "client_id": made["client_id"],
        "jti": secrets.token_hex(8), "iat": now, "exp": now + 300, "resource": api, "scope": "mcp:read mcp:write",
    }  # fmt: skip
    assertion = jwt.encode(claims, key, algorithm="ES256", headers={"typ": "oauth-id-jag+jwt", "kid": "idp-1"})
    appliance.remember_tokens(made)
    session = OAuth2Session(made["client_id"], made["client_secret"], token_endpoint_auth_method="client_secret_basic")
    asked = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    token = session.fetch_token(metadata["token_endpoint"], **asked)
    appliance.remember_tokens(token)
    said = verified(metadata, token["access_token"], api)
    assert (said["sub"], said["client_id"], said["scope"]) == (link["person_id"], made["client_id"], "mcp:read")
    assert "refresh_token" not in token
    auth = (made["client_id"], made["client_secret"])
    again = requests.post(metadata["token_endpoint"], data=asked, auth=auth, timeout=10)
    assert again.status_code == 400 and again.json()["error"] == "invalid_grant"
