// A machine of each kind of credential: made in the console, its first token asked for with what the page showed, and seen to arrive.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { SignJWT, calculateJwkThumbprint, decodeJwt, exportJWK, exportPKCS8, generateKeyPair, importPKCS8 } from "jose";
import { Appliance, CACHE, Documents } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { assertNoComplaints, look, watched } from "./looks.mjs";

const PYTHON = process.env.PYTHON ?? (existsSync(join(CACHE, "venv/bin/python")) ? join(CACHE, "venv/bin/python") : "python3");
const API = "https://api.example/v1";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

/** A key pair with the public half as a page wants it. */
async function keyPair() {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), use: "sig", alg: "ES256" };
    jwk.kid = await calculateJwkThumbprint(jwk);
    return { privateKey, jwk };
}

function signed({ privateKey, jwk }, claims, header = {}) {
    return new SignJWT({ jti: crypto.randomUUID(), ...claims })
        .setProtectedHeader({ alg: "ES256", kid: jwk.kid, ...header })
        .setIssuedAt()
        .setExpirationTime("60s")
        .sign(privateKey);
}

/** A proof for one request to the token endpoint, RFC 9449 §4.2. */
function proof({ privateKey, jwk }, url) {
    const { kty, crv, x, y } = jwk;
    return new SignJWT({ jti: crypto.randomUUID(), htm: "POST", htu: url })
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: { kty, crv, x, y } })
        .setIssuedAt()
        .sign(privateKey);
}

for (const javaScriptEnabled of [true, false]) {
    describe(`machines of each kind, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, site, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `credential-${name}`) : undefined);
        const at = (path) => `${appliance.origin}${path}`;
        const ask = async (words, headers = {}) => {
            const answer = await fetch(at("/oauth/token"), {
                method: "POST",
                headers,
                body: new URLSearchParams({ grant_type: "client_credentials", scope: "mcp:read", resource: API, ...words }),
            });
            const body = await answer.json();
            appliance.rememberTokens(body);
            return { status: answer.status, body };
        };
        const gets = async (words, headers) => {
            const { status, body } = await ask(words, headers);
            assert.equal(status, 200, JSON.stringify(body));
            assert.equal(body.scope, "mcp:read");
            return decodeJwt(body.access_token);
        };
        /** Fills the form for a new machine and sends it. */
        const make = async (name, credential, more = async () => {}) => {
            await page.goto(at("/console/machines/new"));
            await page.getByLabel("Name", { exact: true }).fill(name);
            await page.getByLabel("What it is for").fill("Imports tickets at night");
            await page.locator("input[name=scope][value='mcp:read']").check();
            await page.locator("input[name=resource]").check();
            await page.getByLabel("How it proves itself").selectOption({ label: credential });
            await more();
            await page.getByRole("button", { name: "Create machine" }).click();
        };
        /** From the page of a machine that has none yet, to the form for one of `kind`. */
        const add = async (kind) => {
            await page.getByText("It cannot prove itself yet").waitFor();
            await page.getByRole("link", { name: "Add a credential" }).click();
            await page.getByRole("link", { name: kind, exact: true }).click();
            await page.getByRole("heading", { name: "New credential" }).waitFor();
        };
        const clientId = () => page.locator("#client-id").innerText();
        /** What the page of a machine says that waits, before anything came. */
        const waits = async () => await page.getByText("has not asked for a token yet").waitFor();
        /** The page of the machine says that its first token came: by itself where there are scripts. */
        const arrives = async (name) => {
            if (javaScriptEnabled) {
                await page.getByText("Its first token has arrived.").waitFor();
                await seen(`${name}-arrived`);
                await page.getByRole("link", { name: "Show it" }).click();
            } else {
                await page.getByRole("link", { name: "Look again" }).click();
            }
            await page.getByText("1 token", { exact: true }).waitFor();
            await page.locator(".events").getByText(`${name} got a token`).first().waitFor();
            assert.equal(await page.getByText("has not asked for a token yet").count(), 0);
        };
        before(async () => {
            appliance = await Appliance.start();
            site = await Documents.serve();
            appliance.resource(API, "Tickets", ["mcp:read", "mcp:write"]);
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [422] });
            page.setDefaultTimeout(15_000);
            await page.goto(at("/console"));
            await signIn(page, appliance);
            await page.getByRole("heading", { name: "Overview" }).waitFor();
            await rememberCookies(appliance, own);
        });
        after(async () => {
            await own?.close();
            site?.close();
            await appliance?.stop();
        });

        test("a client secret", async () => {
            await make("by-secret", "Client secret");
            await page.getByText("shown this once").waitFor();
            const [id, secret] = [await clientId(), await page.locator("#secret").innerText()];
            appliance.remember({ "client secret": secret });
            await page.getByRole("link", { name: "Done" }).click();
            await waits();
            await seen("secret-waiting");
            const claims = await gets({}, { authorization: `Basic ${btoa(`${id}:${secret}`)}` });
            assert.equal(claims.client_id, id);
            await arrives("by-secret");
            await seen("secret-used");
        });

        test("an access key", async () => {
            await make("by-key", "Access key");
            await page.getByRole("heading", { name: "Access key", level: 1 }).waitFor();
            const [id, key] = [await clientId(), await page.locator("#secret").innerText()];
            appliance.remember({ "access key": key });
            await seen("access-key");
            await page.getByRole("link", { name: "Done" }).click();
            await waits();
            const claims = await gets({ client_secret: key });
            assert.equal(claims.client_id, id);
            await arrives("by-key");
        });

        test("a key of its own, whose public half is pasted", async () => {
            await make("by-own-key", "Public keys");
            await page.getByText("The machine is made").waitFor();
            const [id] = /mch_[a-z0-9]{26}/.exec(page.url());
            await page.getByText("It has no key yet: make one").click();
            const makes = await page.locator("#make-key").innerText();
            await seen("public-keys-new");
            // What is offered to make a key makes one that is taken.
            const directory = mkdtempSync(join(tmpdir(), "writ-key-"));
            const printed = execFileSync(PYTHON, ["-c", makes], { cwd: directory, encoding: "utf8" });
            const privateKey = await importPKCS8(readFileSync(join(directory, "private.pem"), "utf8"), "ES256", { extractable: true });
            const pair = { privateKey, jwk: JSON.parse(printed).keys[0] };
            rmSync(directory, { recursive: true });
            // What people paste first: the private key, in the form that tools make it.
            const pem = await exportPKCS8(pair.privateKey);
            appliance.remember({ "private key": pem.split("\n")[1] });
            await page.getByLabel("Public keys").fill(pem);
            await page.getByRole("button", { name: "Create credential" }).click();
            await page.getByRole("alert").waitFor();
            await seen("public-keys-refused");
            const whole = await exportJWK(pair.privateKey);
            appliance.remember({ "private part": whole.d });
            await page.getByLabel("Public keys").fill(JSON.stringify({ keys: [whole] }));
            await page.getByRole("button", { name: "Create credential" }).click();
            await page.getByRole("alert").getByText("private").waitFor();
            assert.ok(!(await page.content()).includes(whole.d), "a private key is not shown again");
            await page.getByLabel("Public keys").fill(printed);
            await page.getByRole("button", { name: "Create credential" }).click();
            await page.getByText("The credential is made").waitFor();
            await waits();
            await seen("public-keys-waiting");
            const assertion = await signed(pair, { iss: id, sub: id, aud: appliance.origin });
            appliance.remember({ assertion });
            const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            const claims = await gets({ client_assertion: assertion, client_assertion_type });
            assert.equal(claims.client_id, id);
            await arrives("by-own-key");
        });

        test("a key of its own, published at an address", async () => {
            const pair = await keyPair();
            const address = site.put("/machine/keys", { keys: [pair.jwk] });
            await make("by-address", "Nothing yet");
            await page.getByText("The machine is made").waitFor();
            const id = await clientId();
            await seen("nothing-yet");
            await add("Keys at an address");
            await page.getByLabel("Address of its keys").fill(address);
            await seen("key-set-new");
            await page.getByRole("button", { name: "Create credential" }).click();
            await page.getByText("The credential is made").waitFor();
            const assertion = await signed(pair, { iss: id, sub: id, aud: appliance.origin });
            appliance.remember({ assertion });
            const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            await gets({ client_assertion: assertion, client_assertion_type });
            await arrives("by-address");
        });

        test("the tokens of its platform, tried first", async () => {
            const pair = await keyPair();
            const issuer = site.origin;
            site.put("/keys", { keys: [pair.jwk] });
            site.put("/.well-known/openid-configuration", { issuer, jwks_uri: site.url("/keys") });
            await make("by-platform", "Token of its platform");
            await page.getByText("The machine is made").waitFor();
            const [id] = /mch_[a-z0-9]{26}/.exec(page.url());
            await seen("trust-preset");
            await page.getByRole("link", { name: "Any other OpenID issuer" }).click();
            await page.getByLabel("Issuer", { exact: true }).fill(issuer);
            await page.getByLabel("Rules").fill("sub=job:nightly\nbranch=main");
            await seen("trust-new");
            await page.getByRole("button", { name: "Create credential" }).click();
            await page.getByText("The credential is made").waitFor();
            const token = async (claims) => {
                const text = await signed(pair, { iss: issuer, aud: appliance.origin, sub: "job:nightly", ...claims });
                appliance.remember({ [`a token of ${claims.branch}`]: text });
                return text;
            };
            const tries = async (text) => {
                await page.getByText("Try a token", { exact: false }).first().click();
                await page.getByLabel("Token", { exact: true }).fill(text);
                await page.getByRole("button", { name: "Try token" }).click();
            };
            await tries(await token({ branch: "somebody-elses" }));
            await page.getByRole("heading", { name: "would be refused" }).waitFor();
            const wrong = page.getByRole("row").filter({ hasText: "somebody-elses" });
            await wrong.getByText("no", { exact: true }).waitFor();
            await page.getByRole("alert").getByText("must be main, and is somebody-elses").waitFor();
            await seen("trial-refused");
            await page.getByRole("link", { name: "Back to" }).click();
            const good = await token({ branch: "main" });
            await tries(good);
            await page.getByRole("heading", { name: "would be accepted" }).waitFor();
            await seen("trial-accepted");
            await page.getByRole("link", { name: "Back to" }).click();
            await waits();
            // A trial spends nothing: the same token still buys one.
            const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
            const claims = await gets({ grant_type, assertion: good });
            assert.equal(claims.client_id, id);
            await arrives("by-platform");
            await seen("trust-used");
        });

        test("tokens bound to a key it proves to have", async () => {
            const pair = await keyPair();
            await make("bound", "Client secret", async () => {
                await page.getByText("More: life, networks, roles, tags").click();
                await page.getByLabel("Give it tokens only for a key it proves to have").check();
            });
            await page.getByText("shown this once").waitFor();
            const [id, secret] = [await clientId(), await page.locator("#secret").innerText()];
            appliance.remember({ "client secret": secret });
            await page.locator("#snippet-curl", { hasText: "DPoP: $WRIT_DPOP" }).waitFor({ state: "attached" });
            await seen("bound-secret");
            await page.getByRole("link", { name: "Done" }).click();
            await waits();
            const authorization = `Basic ${btoa(`${id}:${secret}`)}`;
            const bare = await ask({}, { authorization });
            assert.equal(bare.status, 400, JSON.stringify(bare.body));
            assert.equal(bare.body.error, "invalid_dpop_proof");
            const claims = await gets({}, { authorization, dpop: await proof(pair, at("/oauth/token")) });
            assert.equal(claims.cnf.jkt, await calculateJwkThumbprint(pair.jwk));
            await arrives("bound");
            await page.getByText("yes, every token (DPoP)").waitFor();
            await page.getByText("curl", { exact: true }).click();
            await seen("bound");
        });

        test("the list tells them apart, and each was used", async () => {
            await page.goto(at("/console/machines"));
            for (const name of ["by-secret", "by-key", "by-own-key", "by-address", "by-platform", "bound"]) {
                await page.getByRole("link", { name, exact: true }).waitFor();
            }
            assert.equal(await page.locator("tbody").getByText("never").count(), 0);
            await seen("list");
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
