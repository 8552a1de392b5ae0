// Signing in with somebody else's OpenID provider, in a real browser: pressed, not linked, linked, signed in; the account page and the
// console. The provider is a page of its own on another origin, with a form like theirs. Attack case 44.

import assert from "node:assert/strict";
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Appliance, CACHE } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

const CLIENT = "writ";
const base64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A small provider: whoever presses its button is `00u1` there. */
class Provider {
    secret = randomBytes(18).toString("base64url");
    codes = new Map();

    static async start() {
        const provider = new Provider();
        const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        Object.assign(provider, { publicKey, privateKey });
        const tls = { cert: readFileSync(join(CACHE, "tls/leaf.pem")), key: readFileSync(join(CACHE, "tls/leaf.key")) };
        provider.server = createServer(tls, (request, response) => void provider.answer(request, response));
        await new Promise((listening) => provider.server.listen(0, "127.0.0.1", listening));
        provider.issuer = `https://localhost:${provider.server.address().port}`;
        return provider;
    }

    async answer(request, response) {
        const url = new URL(request.url, this.issuer);
        let body = "";
        for await (const part of request) body += part;
        const json = (value, status = 200) => {
            response.writeHead(status, { "content-type": "application/json" });
            response.end(JSON.stringify(value));
        };
        if (url.pathname === "/.well-known/openid-configuration") {
            return json({
                issuer: this.issuer,
                authorization_endpoint: `${this.issuer}/authorize`,
                token_endpoint: `${this.issuer}/token`,
                jwks_uri: `${this.issuer}/keys`,
                authorization_response_iss_parameter_supported: true,
            });
        }
        if (url.pathname === "/keys") {
            return json({ keys: [{ ...this.publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" }] });
        }
        if (url.pathname === "/authorize" && request.method === "GET") {
            response.writeHead(200, { "content-type": "text/html" });
            return void response.end(
                `<!doctype html><html lang=en><title>Northwind</title><link rel=icon href=data:,><h1>Northwind</h1>
                 <form method=post><button name=as value=ada>Sign in at Northwind</button> <button name=as value=nobody>Cancel</button></form>`,
            );
        }
        if (url.pathname === "/authorize") {
            const asked = url.searchParams;
            // To the letter, as providers do.
            if (asked.get("redirect_uri") !== this.registered) return json({ error: "redirect_uri_mismatch" }, 400);
            const back = new URL(this.registered);
            back.searchParams.set("state", asked.get("state"));
            back.searchParams.set("iss", this.issuer);
            if (new URLSearchParams(body).get("as") === "nobody") {
                back.searchParams.set("error", "access_denied");
            } else {
                const code = randomBytes(18).toString("base64url");
                this.codes.set(code, asked);
                back.searchParams.set("code", code);
            }
            response.writeHead(302, { location: back.href });
            return void response.end();
        }
        if (url.pathname !== "/token") return json({ error: "not_found" }, 404);
        const form = new URLSearchParams(body);
        const asked = this.codes.get(form.get("code"));
        this.codes.delete(form.get("code"));
        const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
        const proved = request.headers.authorization === `Basic ${Buffer.from(`${CLIENT}:${this.secret}`).toString("base64")}`;
        if (!proved) return json({ error: "invalid_client" }, 401);
        if (asked?.get("code_challenge") !== challenge) return json({ error: "invalid_grant" }, 400);
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: this.issuer, aud: CLIENT, sub: "00u1", iat: now, exp: now + 300, nonce: asked.get("nonce") };
        const message = `${base64({ alg: "RS256", kid: "1" })}.${base64(claims)}`;
        const signature = createSign("RSA-SHA256").update(message).sign(this.privateKey).toString("base64url");
        json({ access_token: "any", token_type: "Bearer", id_token: `${message}.${signature}` });
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise((closed) => this.server.close(closed));
    }
}

let browser, provider;
before(async () => {
    browser = await launch();
    provider = await Provider.start();
});
after(async () => {
    await browser?.close();
    await provider?.stop();
});

for (const javaScriptEnabled of [true, false]) {
    describe(`a provider, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, own, page;
        const at = (path) => appliance.origin + path;
        const seen = async (name) => javaScriptEnabled && (await look(page, name));
        const heading = (name) => page.getByRole("heading", { name, exact: true }).waitFor();
        const signInThere = async (button = "Sign in at Northwind") => {
            await page.getByRole("heading", { name: "Northwind", exact: true }).waitFor();
            await page.getByRole("button", { name: button }).click();
        };

        before(async () => {
            appliance = await Appliance.start();
            appliance.remember({ "secret at the provider": provider.secret });
            own = await browser.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true });
            page = await watched(own, { expected: [403, 422] });
        });
        after(async () => {
            await own?.close();
            await appliance?.stop();
        });

        test("is added in the console", async () => {
            await page.goto(at("/sign-in?to=/console/providers"));
            await signIn(page, appliance);
            await heading("Identity providers");
            await seen("providers-none");
            await page.getByRole("link", { name: "Add a provider" }).first().click();
            await heading("Add a provider");
            await page.getByLabel("Issuer").fill(provider.issuer);
            await page.getByLabel("Name on the button").fill("Northwind");
            await page.getByLabel("Client id there").fill(CLIENT);
            await page.getByLabel("Client secret there").fill(provider.secret);
            await seen("provider-form");
            await page.getByRole("button", { name: "Add provider" }).click();
            await page.getByText("The provider is added").waitFor();
            await seen("provider");
            const id = new URL(page.url()).pathname.split("/").at(-1);
            provider.registered = at(`/sign-in/provider/callback/${id}`);
            await page.getByText(provider.registered).first().waitFor();
            await page.getByRole("link", { name: "Identity providers" }).click();
            await heading("Identity providers");
            await seen("providers");
            await page.goto(at("/account"));
            await page.getByRole("button", { name: "Sign out" }).click();
            await page.waitForURL(at("/signed-out"));
        });

        test("case 44: whoever is not linked is told what to do, and gets nothing", async () => {
            assertGuarded(await page.goto(at("/sign-in")));
            await seen("provider-sign-in");
            await page.getByRole("link", { name: "Continue with Northwind" }).click();
            await signInThere();
            await page.getByText("no account here is linked to that").waitFor();
            await seen("provider-unknown");
            assert.ok((await own.cookies()).every(({ name }) => !name.includes("session")));
        });

        test("whoever cancels there is back where they were", async () => {
            await page.getByRole("link", { name: "Continue with Northwind" }).click();
            await signInThere("Cancel");
            await page.getByText("did not sign you in").waitFor();
        });

        test("is linked on the account page", async () => {
            await signIn(page, appliance);
            await heading("Connected applications");
            await rememberCookies(appliance, own);
            await seen("provider-account");
            await page.getByRole("link", { name: "Connected sign-ins and adding one" }).click();
            await heading("Connected sign-ins");
            await seen("own-providers-none");
            await page.getByRole("button", { name: "Connect Northwind" }).click();
            await signInThere();
            await page.getByText("From now on you can sign in with it").waitFor();
            await seen("own-providers");
        });

        test("signs in from then on", async () => {
            await page.goto(at("/account"));
            await page.getByRole("button", { name: "Sign out" }).click();
            await page.waitForURL(at("/signed-out"));
            await page.goto(at("/console/providers"));
            await page.getByRole("link", { name: "Continue with Northwind" }).click();
            await signInThere();
            await heading("Identity providers");
            await rememberCookies(appliance, own);
            await page.getByRole("link", { name: "Northwind", exact: true }).click();
            await page.getByText("00u1").waitFor();
            await seen("provider-linked");
        });

        test("is turned off, and its button is gone", async () => {
            await page.getByText("Turn off now…").click();
            await page.getByRole("button", { name: "Turn provider off" }).click();
            await page.getByText("It is turned off").waitFor();
            await seen("provider-off");
            await own.clearCookies();
            await page.goto(at("/sign-in"));
            await page.getByRole("button", { name: "Continue" }).waitFor();
            assert.equal(await page.getByText("Northwind").count(), 0);
            assertNoComplaints(page);
        });
    });
}
