"""An MCP server (streamable HTTP) built with the MCP Python SDK that trusts a Writ, in a thread of its own."""

import asyncio
import threading

import httpx2
import jwt
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

from appliance import free_port


class JwksVerifier(TokenVerifier):
    """Checks an access token offline: signature by the published keys, type, issuer, audience, time (RFC 9068 §4)."""

    def __init__(self, issuer: str, resource: str):
        self.issuer, self.resource = issuer, resource
        self.keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json")

    def _check(self, token: str) -> AccessToken | None:
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            assert jwt.get_unverified_header(token)["typ"].lower() in ("at+jwt", "application/at+jwt")
            claims = jwt.decode(
                token,
                key,
                algorithms=["ES256", "RS256", "EdDSA"],
                audience=self.resource,
                issuer=self.issuer,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]},
            )
        except (jwt.InvalidTokenError, AssertionError, KeyError):
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims.get("scope", "").split(),
            expires_at=claims["exp"],
            resource=self.resource,
            subject=claims["sub"],
            claims=claims,
        )

    async def verify_token(self, token: str) -> AccessToken | None:
        return await asyncio.to_thread(self._check, token)


class IntrospectionVerifier(TokenVerifier):
    """Asks Writ about every token (RFC 7662), authenticated as a confidential client of the resource."""

    def __init__(self, issuer: str, resource: str, client_id: str, client_secret: str):
        self.issuer, self.resource = issuer, resource
        self.credentials = (client_id, client_secret)

    async def verify_token(self, token: str) -> AccessToken | None:
        async with httpx2.AsyncClient() as http:
            answer = await http.post(f"{self.issuer}/oauth/introspect", data={"token": token}, auth=self.credentials)
        assert answer.status_code == 200, f"introspection answered {answer.status_code}: {answer.text}"
        said = answer.json()
        if not said["active"]:
            assert said == {"active": False}, "an inactive token says nothing else (RFC 7662 §2.2)"
            return None
        audiences = said["aud"] if isinstance(said["aud"], list) else [said["aud"]]
        assert self.resource in audiences and said["iss"] == self.issuer
        return AccessToken(
            token=token,
            client_id=said["client_id"],
            scopes=said["scope"].split(),
            expires_at=said["exp"],
            resource=self.resource,
            subject=said["sub"],
            claims=said,
        )


class McpServer:
    """Use as a context manager: `resource` is the identifier, `url` the endpoint (the same string)."""

    def __init__(self, issuer: str, verifier, scopes: list[str]):
        """`verifier` is called with the resource identifier once the port is known."""
        self.port = free_port()
        self.url = self.resource = f"http://127.0.0.1:{self.port}/mcp"
        self.issuer, self.make_verifier, self.scopes = issuer, verifier, scopes

    def __enter__(self) -> "McpServer":
        server = MCPServer(
            "writ-test",
            token_verifier=self.make_verifier(self.resource),
            auth=AuthSettings(
                issuer_url=self.issuer,
                resource_server_url=self.resource,
                required_scopes=self.scopes,
                validate_token_resource=True,
            ),
            log_level="WARNING",
        )

        @server.tool()
        def ping() -> str:
            return "pong"

        @server.tool()
        def whoami() -> dict[str, str]:
            caller = get_access_token()
            assert caller is not None
            return {
                "sub": caller.subject or "",
                "client_id": caller.client_id,
                "scope": " ".join(sorted(caller.scopes)),
                "aud": caller.resource or "",
            }

        config = uvicorn.Config(
            server.streamable_http_app(), host="127.0.0.1", port=self.port, log_level="warning", lifespan="on"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "the MCP server did not start"
            self.thread.join(0.02)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join(10)
