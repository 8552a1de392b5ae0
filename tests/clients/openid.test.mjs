// openid-client, jose, simple-oauth2 and, in a page, oidc-client-ts, which know nothing of Writ: what a relying party and an API behind it do.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";
import * as oidc from "openid-client";
import { AuthorizationCode } from "simple-oauth2";
import { Appliance, Callback, ROOT } from "./appliance.mjs";
import { decide, launch, rememberCookies, signIn as signInAs, tickEverything } from "./browser.mjs";

const API = "https://api.example/v1";
let appliance, browser;
before(async () => {
    appliance = await Appliance.start();
    browser = await launch();
    appliance.resource(API, "Example", ["mcp:read", "mcp:write"]);
});
after(async () => {
    await browser?.close();
    await appliance?.stop();
});

/** Discovery in both forms; plain http is allowed because it is loopback. */
async function configure(client, authentication, algorithm = "oidc") {
    return await oidc.discovery(new URL(appliance.origin), client.client_id, client.client_secret, authentication, {
        execute: [oidc.allowInsecureRequests],
        algorithm,
    });
}

/** Sends a person through the code flow and resolves with the tokens, checked by openid-client. */
async function signIn(configuration, callback, { scope, parameters = {}, decision, DPoP } = {}) {
    const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
    appliance.remember({ verifier });
    const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: callback.uri,
        scope,
        state,
        nonce,
        resource: API,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...parameters,
    });
    await decide(browser, appliance, url, { decision });
    const answer = await callback.answer();
    const current = new URL(`${callback.uri}?${answer}`);
    appliance.remember({ code: answer.get("code") });
    // Checks state, iss (RFC 9207), and of the id token: signature, issuer, audience, time, nonce, auth_time, at_hash.
    const checks = {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
        maxAge: parameters.max_age === undefined ? undefined : Number(parameters.max_age),
    };
    const tokens = await oidc.authorizationCodeGrant(configuration, current, checks, undefined, { DPoP });
    appliance.rememberTokens(tokens);
    return { tokens, nonce, current };
}

async function verified(configuration, token, algorithms = ["ES256"]) {
    const keys = createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri));
    const { issuer } = configuration.serverMetadata();
    return (await jwtVerify(token, keys, { issuer, audience: API, typ: "at+jwt", algorithms })).payload;
}

/**
 * The error a request was refused with. openid-client has a class of its own for answers with a WWW-Authenticate
 * header, which a 401 to HTTP Basic must carry (RFC 6749 §5.2).
 */
async function refused(request, status, code) {
    const error = await request.then(() => assert.fail(`not refused with ${code}`), (error) => error);
    assert.equal(error.status, status, String(error));
    assert.equal(error.error ?? (await error.response.json()).error, code);
}

function application(callback, options) {
    return appliance.client("Web application", {
        "redirect-uri": callback.uri,
        resource: API,
        scope: ["openid", "profile", "email", "offline_access", "mcp:read", "mcp:write"],
        ...options,
    });
}

test("sign-in of a confidential client: id token, userinfo, introspection, refresh, revocation", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const client = application(callback, { auth: "client_secret_basic" });
    // This authentication method percent-encodes `_` and `-` in the id and the secret, as RFC 6749 §2.3.1 says.
    const configuration = await configure(client, oidc.ClientSecretBasic(client.client_secret));
    oidc.enableNonRepudiationChecks(configuration);

    const scope = "openid profile email offline_access mcp:read";
    const { tokens } = await signIn(configuration, callback, { scope, parameters: { max_age: "600" } });
    assert.equal(tokens.token_type, "bearer");
    assert.deepEqual(new Set(tokens.scope.split(" ")), new Set(scope.split(" ")));
    const identity = tokens.claims();
    assert.equal(identity.aud, client.client_id);
    assert.ok(Number.isInteger(identity.auth_time));
    const access = await verified(configuration, tokens.access_token);
    assert.equal(access.sub, identity.sub);
    assert.equal(access.client_id, client.client_id);

    const person = await oidc.fetchUserInfo(configuration, tokens.access_token, identity.sub);
    assert.equal(person.email, appliance.email);
    assert.equal(person.name, "Ada Lovelace");

    const seen = await oidc.tokenIntrospection(configuration, tokens.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.sub, identity.sub);
    assert.equal(seen.client_id, client.client_id);
    assert.ok(seen.scope.split(" ").includes("mcp:read"));

    const fresh = await oidc.refreshTokenGrant(configuration, tokens.refresh_token, { scope: "openid mcp:read" });
    appliance.rememberTokens(fresh);
    assert.deepEqual(new Set(fresh.scope.split(" ")), new Set(["openid", "mcp:read"]), "a refresh may ask for less");
    assert.ok(fresh.refresh_token, "rotation gives the new one back");

    await oidc.tokenRevocation(configuration, fresh.refresh_token);
    await refused(oidc.refreshTokenGrant(configuration, fresh.refresh_token), 400, "invalid_grant");
    const later = await oidc.tokenIntrospection(configuration, fresh.access_token);
    assert.deepEqual({ ...later }, { active: false }, "the family's access tokens are over as well");
});

test("a public client; discovery by RFC 8414; narrowing and no email without the scope", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const client = application(callback, {});
    const configuration = await configure(client, oidc.None(), "oauth2");
    const { tokens } = await signIn(configuration, callback, { scope: "openid mcp:read" });
    assert.equal(tokens.scope.split(" ").includes("mcp:write"), false);
    const person = await oidc.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub);
    assert.equal(person.email, undefined);
    assert.equal(person.name, undefined);
});

test("a client of the code flow that authenticates with private_key_jwt", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const keys = join(appliance.directory, "application-keys.json");
    writeFileSync(keys, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "a", use: "sig", alg: "ES256" }] }));
    const client = application(callback, { auth: "private_key_jwt", jwks: keys });
    const configuration = await configure(client, oidc.PrivateKeyJwt({ key: privateKey, kid: "a" }));
    const { tokens } = await signIn(configuration, callback, { scope: "openid mcp:read" });
    assert.equal((await verified(configuration, tokens.access_token)).client_id, client.client_id);
});

test("client_credentials by every method, and what a wrong one gets", async () => {
    const words = { grant: "client_credentials", resource: API, scope: ["mcp:read", "mcp:write"] };
    for (const [auth, method] of [
        ["client_secret_basic", oidc.ClientSecretBasic],
        ["client_secret_post", oidc.ClientSecretPost],
    ]) {
        const client = appliance.client(auth, { ...words, auth });
        const configuration = await configure(client, method(client.client_secret));
        const tokens = await oidc.clientCredentialsGrant(configuration, { resource: API, scope: "mcp:write" });
        appliance.rememberTokens(tokens);
        const claims = await verified(configuration, tokens.access_token);
        assert.deepEqual([claims.sub, claims.scope], [client.client_id, "mcp:write"]);

        const wrong = await configure(client, method(`${client.client_secret.slice(0, -1)}!`));
        await refused(oidc.clientCredentialsGrant(wrong, { resource: API }), 401, "invalid_client");
        const unknown = { resource: "https://unknown.example/" };
        await refused(oidc.clientCredentialsGrant(configuration, unknown), 400, "invalid_target");
    }
    for (const algorithm of ["ES256", "RS256", "PS256", "EdDSA"]) {
        const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
        const keys = join(appliance.directory, `${algorithm}.json`);
        writeFileSync(keys, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), use: "sig", alg: algorithm }] }));
        const client = appliance.client(algorithm, { ...words, auth: "private_key_jwt", jwks: keys });
        const configuration = await configure(client, oidc.PrivateKeyJwt(privateKey));
        const tokens = await oidc.clientCredentialsGrant(configuration, { resource: API });
        appliance.rememberTokens(tokens);
        assert.equal((await verified(configuration, tokens.access_token)).client_id, client.client_id);
    }
});

test("DPoP: code, refresh and userinfo with one key, and none of it with another", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const client = application(callback, { "dpop-bound": true });
    const configuration = await configure(client, oidc.None());
    for (const algorithm of ["ES256", "PS256", "Ed25519"]) {
        const DPoP = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair(algorithm));
        const jkt = await DPoP.calculateThumbprint();
        const { tokens } = await signIn(configuration, callback, {
            scope: "openid email offline_access mcp:read",
            parameters: { dpop_jkt: jkt, prompt: "consent" },
            DPoP,
        });
        assert.equal(tokens.token_type, "dpop");
        assert.deepEqual((await verified(configuration, tokens.access_token)).cnf, { jkt });
        const { sub } = tokens.claims();
        const person = await oidc.fetchUserInfo(configuration, tokens.access_token, sub, { DPoP });
        assert.equal(person.email, appliance.email);

        const fresh = await oidc.refreshTokenGrant(configuration, tokens.refresh_token, undefined, { DPoP });
        appliance.rememberTokens(fresh);
        assert.equal(fresh.token_type, "dpop");
        await oidc.fetchUserInfo(configuration, fresh.access_token, sub, { DPoP });

        const thief = { DPoP: oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair("ES256")) };
        await refused(oidc.refreshTokenGrant(configuration, fresh.refresh_token, undefined, thief), 400, "invalid_grant");
        await refused(oidc.refreshTokenGrant(configuration, fresh.refresh_token), 400, "invalid_dpop_proof");
        await assert.rejects(oidc.fetchUserInfo(configuration, fresh.access_token, sub, thief));
        await assert.rejects(oidc.fetchUserInfo(configuration, fresh.access_token, sub));
    }
});

test("DPoP with a nonce that the server wants", async () => {
    const strict = await Appliance.start({ environment: { WRIT_DPOP_REQUIRE_NONCE: "true" } });
    try {
        strict.resource(API, "Example", ["mcp:read"]);
        const options = { auth: "client_secret_basic", grant: "client_credentials", scope: "mcp:read" };
        const client = strict.client("Strict", options);
        const configuration = await oidc.discovery(
            new URL(strict.origin),
            client.client_id,
            client.client_secret,
            oidc.ClientSecretBasic(client.client_secret),
            { execute: [oidc.allowInsecureRequests] },
        );
        const DPoP = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair("ES256"));
        // The library is asked for a nonce, takes it from the answer and comes again by itself; the second time it has one.
        for (let n = 0; n < 2; n += 1) {
            const tokens = await oidc.clientCredentialsGrant(configuration, { resource: API }, { DPoP });
            strict.rememberTokens(tokens);
            assert.equal(tokens.token_type, "dpop");
        }
    } finally {
        await strict.stop();
    }
});

test("a machine exchanges the token of a person: openid-client reads who acts", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const archive = "https://archive.example/v1";
    appliance.resource(archive, "Archive", ["mcp:read", "mcp:write"]);
    const about = ["--owner", appliance.email, "--purpose", "Answers tickets", "--kind", "agent"];
    const may = ["--serves", API, "--scope", "mcp:read", "--scope", "mcp:write"];
    const machine = appliance.writ(["machine", "add", "--name", "desk", ...about, ...may]);
    const client = application(callback, { auth: "client_secret_basic" });
    const { tokens } = await signIn(await configure(client, oidc.ClientSecretBasic(client.client_secret)), callback, {
        scope: "openid mcp:read",
    });

    const desk = await configure(machine, oidc.ClientSecretBasic(machine.client_secret));
    const exchange = (changes) =>
        oidc.genericGrantRequest(desk, "urn:ietf:params:oauth:grant-type:token-exchange", {
            subject_token: tokens.access_token,
            subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
            resource: archive,
            ...changes,
        });
    await refused(exchange(), 400, "invalid_request");
    const words = ["--actor", "desk", "--for", appliance.email, "--scope", "mcp:read", "--purpose", "Reads the archive"];
    const delegation = appliance.writ(["delegation", "add", ...words]);
    const exchanged = await exchange();
    appliance.rememberTokens(exchanged);
    assert.equal(exchanged.issued_token_type, "urn:ietf:params:oauth:token-type:access_token");
    assert.equal(exchanged.refresh_token, undefined);
    const { issuer, jwks_uri } = desk.serverMetadata();
    const { payload } = await jwtVerify(exchanged.access_token, createRemoteJWKSet(new URL(jwks_uri)), {
        issuer,
        audience: archive,
        typ: "at+jwt",
    });
    assert.deepEqual([payload.sub, payload.act, payload.scope], [tokens.claims().sub, { sub: machine.client_id }, "mcp:read"]);
    await refused(exchange({ scope: "mcp:write" }), 400, "invalid_scope");

    const acted = appliance.writ(["audit", "list", "--actor", machine.client_id, "--subject", payload.sub]);
    assert.deepEqual(
        acted.entries.map((entry) => entry.event),
        ["token.exchanged", "delegation.granted"],
    );
    assert.equal(appliance.writ(["machine", "show", "desk"]).acts_for[0].delegation_id, delegation.delegation_id);
    assert.equal((await oidc.tokenIntrospection(desk, exchanged.access_token)).act.sub, machine.client_id);
    appliance.writ(["delegation", "revoke", delegation.delegation_id, "--because", "done"]);
    assert.equal((await oidc.tokenIntrospection(desk, exchanged.access_token)).active, false);
    await refused(exchange(), 400, "invalid_request");
});

test("a resource signs with the algorithm it asked for, and jose verifies each", async () => {
    for (const algorithm of ["RS256", "EdDSA"]) {
        const resource = `https://${algorithm.toLowerCase()}.example/`;
        appliance.writ(["resource", "add", resource, "--name", algorithm, "--scope", "mcp:read", "--algorithm", algorithm]);
        const client = appliance.client(algorithm, {
            auth: "client_secret_basic",
            grant: "client_credentials",
            resource,
            scope: "mcp:read",
        });
        const configuration = await configure(client, oidc.ClientSecretBasic(client.client_secret));
        const tokens = await oidc.clientCredentialsGrant(configuration, { resource });
        appliance.rememberTokens(tokens);
        const { issuer, jwks_uri } = configuration.serverMetadata();
        const { payload } = await jwtVerify(tokens.access_token, createRemoteJWKSet(new URL(jwks_uri)), {
            issuer,
            audience: resource,
            algorithms: [algorithm],
        });
        assert.equal(payload.client_id, client.client_id);
    }
});

test("dynamic registration, and its management by RFC 7592", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const configuration = await oidc.dynamicClientRegistration(
        new URL(appliance.origin),
        {
            client_name: "Registered by itself",
            redirect_uris: [callback.uri],
            grant_types: ["authorization_code", "refresh_token"],
            token_endpoint_auth_method: "client_secret_post",
        },
        undefined,
        { execute: [oidc.allowInsecureRequests] },
    );
    const registered = configuration.clientMetadata();
    appliance.rememberTokens(registered);
    assert.equal(registered.token_endpoint_auth_method, "client_secret_post");
    assert.ok(registered.client_secret && registered.client_secret_expires_at !== undefined, "RFC 7591 §3.2.1");

    const { tokens } = await signIn(configuration, callback, { scope: "openid mcp:read" });
    assert.equal((await verified(configuration, tokens.access_token)).client_id, registered.client_id);

    const management = { headers: { authorization: `Bearer ${registered.registration_access_token}` } };
    const read = await fetch(registered.registration_client_uri, management);
    assert.equal(read.status, 200);
    const now = await read.json();
    appliance.rememberTokens(now);
    assert.equal(now.client_name, "Registered by itself");
    assert.equal((await fetch(registered.registration_client_uri)).status, 401, "without its token: nothing");
    const current = { headers: { authorization: `Bearer ${now.registration_access_token ?? registered.registration_access_token}` } };
    const gone = await fetch(registered.registration_client_uri, { ...current, method: "DELETE" });
    assert.equal(gone.status, 204);
    await refused(oidc.refreshTokenGrant(configuration, tokens.refresh_token), 401, "invalid_client");
});

test("prompt=none answers login_required to a stranger, by redirect, with state and iss", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const client = application(callback, {});
    const configuration = await configure(client, oidc.None());
    const verifier = oidc.randomPKCECodeVerifier();
    const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: callback.uri,
        scope: "openid",
        state: "opaque",
        prompt: "none",
        resource: API,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
    });
    const page = await browser.newPage();
    await page.goto(url.href);
    const answer = await callback.answer();
    await page.close();
    const { error, state, iss } = Object.fromEntries(answer);
    assert.deepEqual({ error, state, iss }, { error: "login_required", state: "opaque", iss: appliance.origin });
});

test("simple-oauth2: code with PKCE, refresh, and both tokens revoked", async (context) => {
    const callback = await Callback.listen();
    context.after(() => callback.close());
    const registered = application(callback, { auth: "client_secret_basic" });
    const client = new AuthorizationCode({
        client: { id: registered.client_id, secret: registered.client_secret },
        auth: {
            tokenHost: appliance.origin,
            tokenPath: "/oauth/token",
            authorizePath: "/oauth/authorize",
            revokePath: "/oauth/revoke",
        },
    });
    const verifier = oidc.randomPKCECodeVerifier();
    appliance.remember({ verifier });
    const url = client.authorizeURL({
        redirect_uri: callback.uri,
        scope: ["openid", "offline_access", "mcp:read"],
        state: oidc.randomState(),
        resource: API,
        // It makes none itself, and passes on what it is given.
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
    });
    await decide(browser, appliance, url);
    const code = (await callback.answer()).get("code");
    appliance.remember({ code });
    const first = await client.getToken({ code, redirect_uri: callback.uri, code_verifier: verifier });
    appliance.rememberTokens(first.token);
    const second = await first.refresh();
    appliance.rememberTokens(second.token);
    // It reads the answer to a revocation as JSON.
    await second.revokeAll();
    await assert.rejects(second.refresh(), (error) => error.data.payload.error === "invalid_grant");
});

test("oidc-client-ts in a page: sign-in, userinfo, silent renewal in a frame, revocation", async (context) => {
    const library = readFileSync(join(ROOT, "tests/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"));
    const site = createServer((request, response) => {
        const script = request.url === "/oidc-client-ts.js";
        response.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" });
        response.end(script ? library : '<!doctype html><title>App</title><link rel=icon href=data:,><script src="/oidc-client-ts.js"></script>');
    });
    await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
    context.after(() => site.closeAllConnections() ?? site.close());
    const origin = `http://127.0.0.1:${site.address().port}`;
    const registered = appliance.client("Page", {
        "redirect-uri": [`${origin}/callback`, `${origin}/silent`],
        resource: API,
        scope: ["openid", "profile", "email", "mcp:read"],
    });
    const settings = {
        authority: appliance.origin,
        client_id: registered.client_id,
        redirect_uri: `${origin}/callback`,
        silent_redirect_uri: `${origin}/silent`,
        scope: "openid profile email mcp:read",
        resource: API,
        loadUserInfo: true,
        automaticSilentRenew: false,
    };
    const own = await browser.newContext();
    context.after(() => own.close());
    // The frame of the silent renewal is the application's own page, and does what that does.
    await own.addInitScript(`window.settings = ${JSON.stringify(settings)};
        addEventListener("load", () => location.pathname === "/silent" && new oidc.UserManager(window.settings).signinSilentCallback());`);

    for (const response_mode of ["query", "fragment"]) {
        const page = await own.newPage();
        await page.goto(origin);
        const begun = page.evaluate((mode) => new oidc.UserManager({ ...window.settings, response_mode: mode }).signinRedirect(), response_mode);
        await begun.catch(() => undefined);
        if (response_mode === "query") {
            await page.waitForURL(`${appliance.origin}/**`);
            await signInAndAllow(page);
        }
        await page.waitForURL(`${origin}/callback*`);
        const code = new URLSearchParams(new URL(page.url())[response_mode === "query" ? "search" : "hash"].slice(1)).get("code");
        assert.ok(code, page.url());
        appliance.remember({ code });
        const seen = await page.evaluate(async (mode) => {
            const manager = new oidc.UserManager({ ...window.settings, response_mode: mode });
            const user = await manager.signinRedirectCallback();
            const renewed = await manager.signinSilent();
            await manager.revokeTokens(["access_token"]);
            const tokens = [user, renewed].flatMap(({ access_token, id_token, refresh_token }) => [access_token, id_token, refresh_token]);
            return { profile: user.profile, again: renewed.profile.sub, tokens: tokens.filter(Boolean) };
        }, response_mode);
        for (const [at, token] of seen.tokens.entries()) appliance.remember({ [`token ${at} of a page`]: token });
        assert.deepEqual([seen.profile.email, seen.profile.name], [appliance.email, "Ada Lovelace"]);
        assert.equal(seen.again, seen.profile.sub);
        await page.close();
    }
    await rememberCookies(appliance, own);
});

/** As a person who does not want to be asked again. */
async function signInAndAllow(page) {
    await signInAs(page, appliance);
    const remember = page.locator("input[name=remember]");
    await remember.waitFor();
    await remember.check();
    await tickEverything(page);
    await page.getByRole("button", { name: /^Allow/ }).click();
}
