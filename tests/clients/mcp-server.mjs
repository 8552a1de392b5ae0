// An MCP server (streamable HTTP) built with the official TypeScript server SDK that trusts a Writ.

import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
    createMcpHandler,
    getOAuthProtectedResourceMetadataUrl,
    McpServer,
    OAuthError,
    oauthMetadataResponse,
    requireBearerAuth,
    requireScopes,
} from "@modelcontextprotocol/server";
import { createRemoteJWKSet, jwtVerify } from "jose";

/** Checks an access token offline with jose: signature, type, issuer, audience, time. */
function verifier(issuer, resource) {
    const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
    return {
        async verifyAccessToken(token) {
            const { payload } = await jwtVerify(token, keys, {
                issuer,
                audience: resource,
                typ: "at+jwt",
                algorithms: ["ES256", "RS256", "EdDSA"],
                requiredClaims: ["sub", "exp", "iat", "jti", "client_id"],
            }).catch((refused) => {
                throw new OAuthError("invalid_token", refused.code ?? "not a token of this server");
            });
            return {
                token,
                clientId: payload.client_id,
                scopes: (payload.scope ?? "").split(" ").filter(Boolean),
                expiresAt: payload.exp,
                resource: new URL(resource),
                extra: { claims: payload },
            };
        },
    };
}

function tools(resource) {
    return ({ authInfo }) => {
        const server = new McpServer({ name: "writ-test", version: "1.0.0" });
        server.registerTool("ping", {}, async () => ({ content: [{ type: "text", text: "pong" }] }));
        server.registerTool("whoami", {}, async () => ({
            content: [{ type: "text", text: JSON.stringify({ ...authInfo.extra.claims, audience: resource }) }],
        }));
        // Asks for more than the client got at first: the SDK steps up.
        server.registerTool("write", { scopeChallenge: requireScopes("mcp:read", "mcp:write") }, async () => ({
            content: [{ type: "text", text: authInfo.scopes.join(" ") }],
        }));
        return server;
    };
}

/** Resolves with { url, resource, close }. The resource identifier is the endpoint's URL. */
export async function serveMcp(issuer, { scopes }) {
    const web = createServer();
    await new Promise((listening) => web.listen(0, "127.0.0.1", listening));
    const resource = `http://127.0.0.1:${web.address().port}/mcp`;
    const discovery = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    const described = {
        oauthMetadata: await discovery.json(),
        resourceServerUrl: new URL(resource),
        scopesSupported: scopes,
    };
    const gate = requireBearerAuth({
        verifier: verifier(issuer, resource),
        requiredScopes: scopes,
        resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(resource)),
        expectedResource: new URL(resource),
    });
    const mcp = createMcpHandler(tools(resource));
    const handler = toNodeHandler({
        async fetch(request) {
            const document = oauthMetadataResponse(request, described);
            if (document) return document;
            const admitted = await gate(request);
            return admitted instanceof Response ? admitted : await mcp.fetch(request, { authInfo: admitted });
        },
    });
    web.on("request", handler);
    return {
        url: new URL(resource),
        resource,
        async close() {
            await mcp.close();
            web.closeAllConnections();
            web.close();
        },
    };
}
