"""The MCP Python SDK as client and as resource server, unmodified, with a person in a real Chromium."""

import asyncio
import contextlib
import json
import re
import time

import httpx2
import jwt
import pytest
from browser import Callback, approve, chromium, sign_in
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from documents import Documents
from mcp.client.auth import OAuthClientProvider, OAuthFlowError, TokenStorage
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp_server import IntrospectionVerifier, JwksVerifier, McpServer

from appliance import scopes

GRANTED = {"mcp:read", "mcp:tools"}


class Memory(TokenStorage):
    """What an MCP client keeps on disk."""

    def __init__(self, appliance):
        self.appliance, self.tokens, self.client = appliance, None, None
        self.seen: list[OAuthToken] = []

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken):
        self.appliance.remember_tokens(tokens.model_dump())
        self.seen.append(tokens)
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, info: OAuthClientInformationFull):
        self.appliance.remember(client_secret=info.client_secret)
        self.client = info


def metadata(callback: Callback) -> OAuthClientMetadata:
    return OAuthClientMetadata(client_name="Python probe", redirect_uris=[callback.uri])


def person(appliance, browser, callback: Callback, kept: Memory, *, url: str, document: str | None = None):
    """The SDK's provider, wired to a person who signs in and presses Allow."""

    async def redirect(link: str):
        await approve(browser, appliance, link)

    async def wait() -> AuthorizationCodeResult:
        answer = await callback.answer()
        assert "error" not in answer, f"the answer is an error: {answer}"
        assert answer["iss"] == appliance.origin, "RFC 9207: the issuer, byte for byte"
        appliance.remember(code=answer["code"], state=answer["state"])
        return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])

    return OAuthClientProvider(
        server_url=url,
        client_metadata=metadata(callback),
        storage=kept,
        redirect_handler=redirect,
        callback_handler=wait,
        client_metadata_url=document,
    )


@contextlib.asynccontextmanager
async def session(url: str, provider):
    async with httpx2.AsyncClient(auth=provider, timeout=90) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            yield client


async def whoami(client: Client) -> dict[str, str]:
    answer = await client.call_tool("whoami", {})
    assert not answer.is_error, answer
    return answer.structured_content


def resource(appliance, server: McpServer):
    appliance.writ(
        "resource", "add", server.resource, "--name", "Probe tools", "--scope", "mcp:read", "--scope", "mcp:tools"
    )


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


async def journey(appliance, server: McpServer, *, document: Documents | None):
    """Discovery, registration, login, consent, token, tool call, refresh, tool call, restart, tool call."""
    kept = Memory(appliance)
    async with chromium() as browser, Callback() as callback:
        url = None
        if document is not None:
            url = document.put(
                "/probe/client.json",
                {
                    "client_id": document.url("/probe/client.json"),
                    "client_name": "Python probe",
                    "redirect_uris": ["http://127.0.0.1/callback"],
                    "grant_types": ["authorization_code", "refresh_token"],
                    "response_types": ["code"],
                    "token_endpoint_auth_method": "none",
                },
            )
        provider = person(appliance, browser, callback, kept, url=server.url, document=url)
        async with session(server.url, provider) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == {"ping", "whoami"}
            me = await whoami(client)
            first = kept.tokens
            assert me["sub"] == appliance.person, "the token names the person who signed in"
            assert me["aud"] == server.resource
            assert scopes(me["scope"]) >= GRANTED
            assert scopes(first.scope) >= GRANTED, "the token answer says what was granted"
            assert me["client_id"] == kept.client.client_id
            assert first.refresh_token and first.expires_in > 0
            if url is not None:
                assert kept.client.client_id == url, "the document's URL is the client id: nothing was registered"
                assert document.asked["/probe/client.json"] >= 1, "the appliance read the document"

            # The access token is over as far as the client can tell: the SDK refreshes by itself, without a person.
            provider.context.token_expiry_time = time.time() - 1
            again = await whoami(client)
            second = kept.tokens
            assert again == me, "the same person, client, audience and scope after a refresh"
            assert second.access_token != first.access_token
            assert second.refresh_token and second.refresh_token != first.refresh_token, "a public client's is rotated"

        # The client program starts again with what it kept on disk: no browser is needed.
        async def nobody(*_):
            raise AssertionError("a person was asked again")

        later = OAuthClientProvider(
            server_url=server.url,
            client_metadata=metadata(callback),
            storage=kept,
            redirect_handler=nobody,
            callback_handler=nobody,
            client_metadata_url=url,
        )
        async with session(server.url, later) as client:
            assert await whoami(client) == me
    return first, second, me


def test_dynamic_registration_with_tokens_checked_offline(appliance):
    with McpServer(appliance.origin, lambda r: JwksVerifier(appliance.origin, r), ["mcp:read", "mcp:tools"]) as server:
        resource(appliance, server)
        first, second, me = asyncio.run(journey(appliance, server, document=None))
        for token in (first, second):
            claims = claims_of(token.access_token)
            assert claims["iss"] == appliance.origin
            assert claims["aud"] in (server.resource, [server.resource])
            assert claims["client_id"] == me["client_id"]
            assert claims["exp"] > claims["iat"]
            assert "auth_time" in claims
        assert claims_of(first.access_token)["jti"] != claims_of(second.access_token)["jti"]


def test_client_id_metadata_document_with_tokens_introspected(appliance):
    def introspect(identifier: str) -> IntrospectionVerifier:
        appliance.writ(
            "resource", "add", identifier, "--name", "Probe tools", "--scope", "mcp:read", "--scope", "mcp:tools"
        )
        caller = appliance.writ(
            "client", "add", "--name", "Probe guard", "--auth", "client_secret_basic",
            "--grant", "client_credentials", "--serves", identifier,
        )  # fmt: skip
        return IntrospectionVerifier(appliance.origin, identifier, caller["client_id"], caller["client_secret"])

    with Documents() as site, McpServer(appliance.origin, introspect, ["mcp:read", "mcp:tools"]) as server:
        asyncio.run(journey(appliance, server, document=site))


def test_a_token_for_one_server_is_refused_by_another(appliance):
    def verifier(identifier: str) -> JwksVerifier:
        return JwksVerifier(appliance.origin, identifier)

    async def run(one: McpServer, other: McpServer):
        machine = appliance.writ(
            "machine", "add", "--name", "nightly", "--owner", appliance.email, "--purpose", "test",
            "--scope", "mcp:read", "--scope", "mcp:tools", "--resource", one.resource,
        )  # fmt: skip
        kept = Memory(appliance)
        provider = ClientCredentialsOAuthProvider(
            server_url=one.url,
            storage=kept,
            client_id=machine["client_id"],
            client_secret=machine["client_secret"],
            issuer=appliance.origin,
        )
        async with session(one.url, provider) as client:
            me = await whoami(client)
            assert me["sub"] == me["client_id"] == machine["client_id"], "RFC 9068 §2.2: a machine is its own subject"
            assert scopes(me["scope"]) == {"mcp:read"}, "what the server says it needs"
        assert kept.tokens.refresh_token is None, "RFC 6749 §4.4.3: no refresh token for client_credentials"
        async with httpx2.AsyncClient() as http:
            answer = await http.post(
                other.url,
                headers={"authorization": f"Bearer {kept.tokens.access_token}", "accept": "application/json"},
                json={},
            )
            assert answer.status_code == 401

    with McpServer(appliance.origin, verifier, ["mcp:read"]) as one, McpServer(appliance.origin, verifier, []) as other:
        for server in (one, other):
            resource(appliance, server)
        asyncio.run(run(one, other))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_machines_by_every_method_of_the_sdk(appliance, tmp_path, method):
    async def run(server: McpServer):
        options = ["--name", f"by {method}", "--auth", method, "--grant", "client_credentials"]
        options += ["--resource", server.resource, "--scope", "mcp:read", "--scope", "mcp:tools"]
        if method == "private_key_jwt":
            key = ec.generate_private_key(ec.SECP256R1())
            public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
            keys = tmp_path / "keys.json"
            keys.write_text(json.dumps({"keys": [{**public, "kid": "1", "use": "sig", "alg": "ES256"}]}))
            client_id = appliance.writ("client", "add", *options, "--jwks", str(keys))["client_id"]
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode()
            signer = SignedJWTParameters(
                issuer=client_id, subject=client_id, signing_key=pem, signing_algorithm="ES256"
            ).create_assertion_provider()
            provider = PrivateKeyJWTOAuthProvider(
                server_url=server.url,
                storage=Memory(appliance),
                client_id=client_id,
                assertion_provider=signer,
                issuer=appliance.origin,
            )
        else:
            made = appliance.writ("client", "add", *options)
            client_id = made["client_id"]
            provider = ClientCredentialsOAuthProvider(
                server_url=server.url,
                storage=Memory(appliance),
                client_id=client_id,
                client_secret=made["client_secret"],
                token_endpoint_auth_method=method,
                issuer=appliance.origin,
            )
        async with session(server.url, provider) as client:
            assert (await whoami(client))["sub"] == client_id

    with McpServer(appliance.origin, lambda r: JwksVerifier(appliance.origin, r), ["mcp:read"]) as server:
        resource(appliance, server)
        asyncio.run(run(server))


def test_a_person_who_says_no(appliance):
    """The SDK gets `access_denied` with state and iss, so that it stops at once."""

    async def run(server: McpServer):
        async with chromium() as browser, Callback() as callback:
            said = {}

            async def refuse(link: str):
                context = await browser.new_context()
                page = await context.new_page()
                await page.goto(link)
                await sign_in(page, appliance)
                await page.get_by_role("button", name=re.compile("^Deny")).click()
                said.update(await callback.answer())

            async def stop():
                raise OAuthFlowError(said["error"])

            provider = OAuthClientProvider(
                server_url=server.url,
                client_metadata=metadata(callback),
                storage=Memory(appliance),
                redirect_handler=refuse,
                callback_handler=stop,
            )
            with pytest.raises(BaseException) as stopped:
                async with session(server.url, provider):
                    pass
            assert "access_denied" in repr(stopped.value) or said["error"] == "access_denied"
            assert said["error"] == "access_denied" and said["iss"] == appliance.origin and said["state"]
            assert "code" not in said

    with McpServer(appliance.origin, lambda r: JwksVerifier(appliance.origin, r), ["mcp:read"]) as server:
        resource(appliance, server)
        asyncio.run(run(server))
