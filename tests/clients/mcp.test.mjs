// The official MCP TypeScript client, unmodified, in both generations that are in use (2.x `client`, 1.x `sdk`),
// against an MCP server built with the official server package that trusts Writ.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import * as current from "@modelcontextprotocol/client";
import { Client as OlderClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OlderTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { decodeJwt, exportJWK, exportPKCS8, generateKeyPair } from "jose";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Appliance, Callback, Documents } from "./appliance.mjs";
import { decide, launch } from "./browser.mjs";
import { serveMcp } from "./mcp-server.mjs";

const GENERATIONS = {
    "client 2": { Client: current.Client, Transport: current.StreamableHTTPClientTransport, stepsUp: true },
    "sdk 1": { Client: OlderClient, Transport: OlderTransport, stepsUp: false },
};

let appliance, browser;
before(async () => {
    appliance = await Appliance.start();
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await appliance?.stop();
});

/** What an MCP client keeps, and the person it sends to the authorization page. */
class Provider {
    authorizations = 0;
    kept = {};

    constructor(callback, { document } = {}) {
        this.callback = callback;
        if (document) this.clientMetadataUrl = document;
    }
    get redirectUrl() {
        return this.callback.uri;
    }
    get clientMetadata() {
        return {
            client_name: "TypeScript probe",
            redirect_uris: [this.callback.uri],
            grant_types: ["authorization_code", "refresh_token"],
            response_types: ["code"],
            token_endpoint_auth_method: "none",
        };
    }
    state() {
        return (this.expectedState = randomBytes(16).toString("base64url"));
    }
    clientInformation() {
        return this.kept.client;
    }
    saveClientInformation(information) {
        appliance.rememberTokens(information);
        this.kept.client = information;
    }
    tokens() {
        return this.kept.tokens;
    }
    saveTokens(tokens) {
        appliance.rememberTokens(tokens);
        this.kept.tokens = tokens;
    }
    saveCodeVerifier(verifier) {
        appliance.remember({ verifier });
        this.kept.verifier = verifier;
    }
    codeVerifier() {
        return this.kept.verifier;
    }
    saveDiscoveryState(state) {
        this.kept.discovery = state;
    }
    discoveryState() {
        return this.kept.discovery;
    }
    invalidateCredentials(what) {
        throw new Error(`the appliance made the client forget its ${what}`);
    }
    async redirectToAuthorization(url) {
        this.authorizations += 1;
        this.asked = url;
        await decide(browser, appliance, url);
    }
}

/** Connects; the first time a person answers in the browser, and the transport finishes with the code. */
async function connect({ Client, Transport }, server, provider) {
    for (const attempt of ["with a person", "with a token"]) {
        const client = new Client({ name: "probe", version: "1.0.0" });
        const transport = new Transport(server.url, { authProvider: provider });
        try {
            await client.connect(transport);
            return { client, transport };
        } catch (error) {
            if (error.constructor.name !== "UnauthorizedError" || attempt === "with a token") throw error;
            await finish(transport, provider);
            await transport.close();
        }
    }
}

async function finish(transport, provider) {
    const answer = await provider.callback.answer();
    assert.equal(answer.get("error"), null, `the answer is an error: ${answer}`);
    assert.equal(answer.get("state"), provider.expectedState);
    assert.equal(answer.get("iss"), appliance.origin, "RFC 9207: the issuer, byte for byte");
    appliance.remember({ code: answer.get("code"), state: answer.get("state") });
    // 2.x takes all parameters of the answer and checks `iss` itself; 1.x takes the code.
    const whole = transport instanceof current.StreamableHTTPClientTransport;
    await transport.finishAuth(whole ? answer : answer.get("code"));
}

async function whoami(client) {
    const { content, isError } = await client.callTool({ name: "whoami", arguments: {} });
    assert.ok(!isError, JSON.stringify(content));
    return JSON.parse(content[0].text);
}

function document(site, path) {
    return site.put(path, {
        client_id: site.url(path),
        client_name: "TypeScript probe",
        redirect_uris: ["http://127.0.0.1/callback"],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
    });
}

for (const [name, generation] of Object.entries(GENERATIONS)) {
    for (const registration of ["dynamic registration", "a client-id metadata document"]) {
        test(`${name}: ${registration}, consent, tool call, refresh, tool call`, async (context) => {
            const server = await serveMcp(appliance.origin, { scopes: ["mcp:read"] });
            const callback = await Callback.listen();
            const site = await Documents.serve();
            context.after(() => Promise.all([server.close(), callback.close(), site.close()]));
            appliance.resource(server.resource, "Probe tools", ["mcp:read", "mcp:write"]);

            const url = registration.startsWith("a client") ? document(site, "/probe/client.json") : undefined;
            const provider = new Provider(callback, { document: url });
            const { client } = await connect(generation, server, provider);
            const me = await whoami(client);
            const first = provider.kept.tokens;
            assert.equal(provider.authorizations, 1);
            assert.equal(me.sub, appliance.person);
            assert.equal(me.iss, appliance.origin);
            assert.deepEqual([me.aud].flat(), [server.resource]);
            assert.equal(me.client_id, provider.kept.client.client_id);
            assert.ok(me.scope.split(" ").includes("mcp:read"));
            assert.ok(first.scope.split(" ").includes("mcp:read"), "the token answer says what was granted");
            assert.ok(first.refresh_token && first.expires_in > 0);
            if (url) {
                assert.equal(me.client_id, url, "the document's URL is the client id: nothing was registered");
                assert.ok(site.asked.get("/probe/client.json") >= 1);
            }

            // The server says 401 to a token it does not know: the SDK refreshes by itself, without a person.
            provider.kept.tokens = { ...first, access_token: `${first.access_token.slice(0, -4)}AAAA` };
            const again = await whoami(client);
            const second = provider.kept.tokens;
            assert.equal(provider.authorizations, 1, "nobody was asked again");
            assert.deepEqual([again.sub, again.client_id, again.aud, again.scope], [me.sub, me.client_id, me.aud, me.scope]);
            assert.notEqual(again.jti, me.jti);
            assert.notEqual(second.access_token, first.access_token);
            assert.notEqual(second.refresh_token, first.refresh_token, "a public client's refresh token is rotated");
            await client.close();
        });
    }
}

test("client 2: a tool that needs more scope makes the client step up, and the first grant is kept", async (context) => {
    const server = await serveMcp(appliance.origin, { scopes: ["mcp:read"] });
    const callback = await Callback.listen();
    context.after(() => Promise.all([server.close(), callback.close()]));
    appliance.resource(server.resource, "Probe tools", ["mcp:read", "mcp:write"]);
    const provider = new Provider(callback);
    const { client, transport } = await connect(GENERATIONS["client 2"], server, provider);
    assert.ok(!provider.kept.tokens.scope.split(" ").includes("mcp:write"));

    await assert.rejects(client.callTool({ name: "write", arguments: {} }), current.UnauthorizedError);
    assert.ok(provider.asked.searchParams.get("scope").split(" ").includes("mcp:write"));
    await finish(transport, provider);
    const { content } = await client.callTool({ name: "write", arguments: {} });
    const granted = content[0].text.split(" ");
    assert.ok(granted.includes("mcp:read") && granted.includes("mcp:write"));
    assert.equal(provider.authorizations, 2);
    await client.close();
});

test("client 2: machines by secret and by private_key_jwt", async (context) => {
    const server = await serveMcp(appliance.origin, { scopes: ["mcp:read"] });
    context.after(() => server.close());
    appliance.resource(server.resource, "Probe tools", ["mcp:read", "mcp:write"]);
    const words = { grant: "client_credentials", resource: server.resource, scope: "mcp:read" };
    const bySecret = appliance.client("by secret", { ...words, auth: "client_secret_basic" });

    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const keys = join(appliance.directory, "keys.json");
    writeFileSync(keys, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), use: "sig", alg: "ES256" }] }));
    const byKey = appliance.client("by key", { ...words, auth: "private_key_jwt", jwks: keys });

    const expectedIssuer = appliance.origin;
    const providers = {
        [bySecret.client_id]: new current.ClientCredentialsProvider({
            clientId: bySecret.client_id,
            clientSecret: bySecret.client_secret,
            expectedIssuer,
        }),
        [byKey.client_id]: new current.PrivateKeyJwtProvider({
            clientId: byKey.client_id,
            privateKey: await exportPKCS8(privateKey),
            algorithm: "ES256",
            expectedIssuer,
        }),
    };
    for (const [id, authProvider] of Object.entries(providers)) {
        const client = new current.Client({ name: "machine", version: "1.0.0" });
        await client.connect(new current.StreamableHTTPClientTransport(server.url, { authProvider }));
        const me = await whoami(client);
        assert.deepEqual([me.sub, me.client_id, me.scope], [id, id, "mcp:read"], "RFC 9068 §2.2");
        appliance.rememberTokens(authProvider.tokens());
        assert.equal(decodeJwt(authProvider.tokens().access_token).aud, server.resource);
        assert.equal(authProvider.tokens().refresh_token, undefined, "RFC 6749 §4.4.3");
        await client.close();
    }
});
