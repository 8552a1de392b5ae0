// Pages in the states that the journeys do not come by: strangers that ask for consent, confirmations, delays, dead ends.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance, Callback, Documents } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

const API = "https://api.example/v1";
const SCOPES = ["mcp:read", "mcp:tools", "mcp:write", "mcp:admin"];
const EXPECTED = [400, 401, 403, 404, 410, 422, 429];

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

async function register(appliance, metadata) {
    const answer = await fetch(`${appliance.origin}/oauth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token_endpoint_auth_method: "none", ...metadata }),
    });
    const client = await answer.json();
    assert.equal(answer.status, 201, JSON.stringify(client));
    appliance.rememberTokens(client);
    return client;
}

describe("who asks for consent", () => {
    let appliance, callback, site, own, page;
    before(async () => {
        appliance = await Appliance.start();
        callback = await Callback.listen();
        site = await Documents.serve();
        appliance.resource(API, "Example", SCOPES);
        own = await browser.newContext();
        page = await watched(own, { expected: EXPECTED });
        await page.goto(`${appliance.origin}/sign-in`);
        await signIn(page, appliance);
        await page.waitForURL((url) => url.pathname !== "/sign-in");
        await rememberCookies(appliance, own);
    });
    after(async () => {
        await own?.close();
        callback?.close();
        site?.close();
        await appliance?.stop();
    });

    async function consent(client, redirect, name, more = {}) {
        const flow = new Flow(appliance, client, redirect, { scope: SCOPES.join(" "), resource: API, ...more });
        assertGuarded(await page.goto(flow.url.href));
        await page.getByRole("button", { name: "Allow" }).waitFor();
        await page.getByText("Technical details").click();
        await look(page, name);
        return { words: await page.innerText("main"), remembers: await page.locator("input[name=remember]").isChecked() };
    }

    test("somebody unknown, on this computer", async () => {
        const client = await register(appliance, { client_name: "Local helper", redirect_uris: [callback.uri] });
        const { words, remembers } = await consent(client, callback.uri, "consent-self-registered");
        assert.match(words, /registered itself/);
        assert.match(words, /this computer/i);
        assert.equal(remembers, false);
    });

    test("somebody unknown, at a site, with a name that resembles a known one and is very long", async () => {
        const redirect = "https://app.far-away-and-long-host-name.example/oauth/callback/with/a/long/path";
        const client = await register(appliance, {
            client_name: "Cursоr",
            redirect_uris: [redirect],
        });
        const { words, remembers } = await consent(client, redirect, "consent-resembling");
        assert.match(words, /Cursor/, "the name that it resembles");
        assert.ok(words.includes("app.far-away-and-long-host-name.example"));
        assert.equal(remembers, false);
        const long = await register(appliance, {
            client_name: `Integrated ${"development ".repeat(6)}Unternehmensanwendungsverwaltung`,
            redirect_uris: [redirect],
        });
        await consent(long, redirect, "consent-long-name");
    });

    test("an application of the administrator's, at a site", async () => {
        const redirect = "https://app.example/callback";
        const client = appliance.client("Ticket board", { "redirect-uri": redirect, resource: API, scope: SCOPES });
        const { words, remembers } = await consent(client, redirect, "consent-site", { scope: "openid mcp:read" });
        assert.match(words, /app\.example/);
        assert.equal(remembers, true);
    });

    test("a client-id document", async () => {
        const url = site.put("/editor.json", {
            client_id: site.url("/editor.json"),
            client_name: "Documented editor",
            redirect_uris: ["http://127.0.0.1/callback"],
            token_endpoint_auth_method: "none",
        });
        const { words, remembers } = await consent({ client_id: url }, callback.uri, "consent-document");
        assert.match(words, /localhost/, "the domain that vouches for it");
        assert.equal(remembers, false, "any program of this computer can receive the answer");
    });

    test("an application with its own scheme", async () => {
        const redirect = "cursor://anysphere.cursor-mcp/oauth/callback";
        const client = await register(appliance, { client_name: "Cursor", redirect_uris: [redirect] });
        const { remembers } = await consent(client, redirect, "consent-own-scheme");
        assert.equal(remembers, false);
    });

    test("allowing nothing is asked again", async () => {
        const client = appliance.client("Unsure", { "redirect-uri": callback.uri, resource: API, scope: SCOPES });
        const flow = new Flow(appliance, client, callback.uri, { scope: "mcp:read", resource: API });
        await page.goto(flow.url.href);
        await page.locator("input[name=scope]").uncheck();
        await page.getByRole("button", { name: "Allow" }).click();
        await page.getByRole("alert").waitFor();
        await look(page, "consent-nothing-ticked");
    });

    test("a password again, because the application insists", async () => {
        const client = appliance.client("Careful", { "redirect-uri": callback.uri, resource: API, scope: SCOPES });
        const flow = new Flow(appliance, client, callback.uri, { scope: "mcp:read", resource: API, prompt: "login" });
        assertGuarded(await page.goto(flow.url.href));
        await look(page, "sign-in-confirming");
        await page.getByLabel("Password", { exact: true }).fill(appliance.password);
        await page.getByRole("button", { name: /^(Sign in|Continue|Confirm)/ }).click();
        await page.getByRole("button", { name: "Allow" }).waitFor();
        await rememberCookies(appliance, own);
        assertNoComplaints(page);
    });

    test("the start page, and dead ends", async () => {
        assertGuarded(await page.goto(appliance.origin));
        await look(page, "home-signed-in");
        const stranger = await browser.newContext();
        const outside = await watched(stranger, { expected: EXPECTED });
        await outside.goto(appliance.origin);
        await look(outside, "home");
        const ends = {
            "error-over": "/oauth/authorize/continue?ticket=made-up",
            "error-unknown-resource": `/oauth/unknown-resource?resource=${encodeURIComponent("https://elsewhere.example/mcp")}`,
            "error-no-client": "/oauth/authorize?response_type=code",
            "error-document": `/oauth/authorize?response_type=code&client_id=${encodeURIComponent(site.url("/nothing.json"))}&redirect_uri=x`,
        };
        for (const [name, path] of Object.entries(ends)) {
            const answer = await outside.goto(appliance.origin + path);
            assertGuarded(answer);
            await look(outside, name);
        }
        await stranger.close();
    });

    test("guessing passwords is slowed down, and the page says for how long", async () => {
        const stranger = await browser.newContext();
        const outside = await watched(stranger, { expected: EXPECTED });
        await outside.goto(`${appliance.origin}/sign-in`);
        const email = "guessed@people.example";
        for (let guess = 0; guess < 30; guess += 1) {
            await signIn(outside, { email, password: `guess ${guess}` });
            await outside.getByRole("alert").waitFor();
            if (/again in/.test(await outside.getByRole("alert").innerText())) break;
        }
        assert.match(await outside.getByRole("alert").innerText(), /again in \d+/);
        await look(outside, "sign-in-throttled");
        await stranger.close();
    });
});

describe("who lets a machine act for them", () => {
    let appliance, own, page, link;
    before(async () => {
        appliance = await Appliance.start();
        appliance.resource(API, "Archive", SCOPES);
        appliance.resource("https://tickets.example/mcp", "Tickets", ["mcp:read"]);
        const words = ["--owner", appliance.email, "--purpose", "Answers tickets at night", "--kind", "agent"];
        const made = appliance.writ([
            ...["machine", "add", "--name", "triage", ...words],
            ...SCOPES.flatMap((scope) => ["--scope", scope]),
        ]);
        link = `${appliance.origin}/account/delegations/new?machine=${made.client_id}`;
        own = await browser.newContext();
        page = await watched(own, { expected: EXPECTED });
    });
    after(async () => {
        await own?.close();
        await appliance?.stop();
    });

    test("signs in, says where, reads, ticks, allows and sees it", async () => {
        assertGuarded(await page.goto(link));
        await look(page, "sign-in-from-a-link");
        await signIn(page, appliance);
        await page.waitForURL((url) => url.pathname === "/account/delegations/new");
        await rememberCookies(appliance, own);
        await look(page, "delegation-choose");
        await page.getByRole("link", { name: "Archive" }).click();
        await page.getByRole("button", { name: "Allow", exact: true }).waitFor();
        await look(page, "delegation");
        assert.equal(await page.locator("input[value='mcp:admin']").isChecked(), false, "what is risky is not ticked");
        for (const box of await page.locator("input[name=scope]").all()) await box.uncheck();
        await page.getByRole("button", { name: "Allow", exact: true }).click();
        await page.getByRole("alert").waitFor();
        await look(page, "delegation-nothing-ticked");
        await page.locator("input[value='mcp:read']").check();
        await page.getByLabel("For how long").selectOption("7d");
        await page.getByRole("button", { name: "Allow", exact: true }).click();
        await page.waitForURL((url) => url.pathname === "/account");
        assert.match(await page.innerText("main"), /Who acts for you[^]*triage[^]*agent of Ada[^]*Allowed by you/);
        await look(page, "account-acts-for-you");
        await page.goto(link);
        await look(page, "delegation-already");
        await page.getByRole("link", { name: "See who acts for you" }).click();
        await page.locator("summary", { hasText: "Revoke triage" }).click();
        await page.locator("main li", { hasText: "triage" }).getByRole("button", { name: "Revoke" }).click();
        await page.locator("main li", { hasText: "triage" }).waitFor({ state: "detached" });
    });

    test("does so without scripts, and is told of a link to nobody", async (context) => {
        const plain = await browser.newContext({ javaScriptEnabled: false });
        context.after(() => plain.close());
        const bare = await plain.newPage();
        await bare.goto(`${link}&resource=${encodeURIComponent(API)}`);
        await signIn(bare, appliance);
        await bare.getByRole("button", { name: "Allow", exact: true }).click();
        await rememberCookies(appliance, plain);
        assert.match(await bare.innerText("main"), /Allowed\. It may act for you/);
        assert.equal((await page.goto(link.replace(/machine=.*/, "machine=mch_0"))).status(), 404);
        await look(page, "error-nobody-acts");
    });
});

test("an application that waits for approval", async (context) => {
    const appliance = await Appliance.start({ environment: { WRIT_REGISTRATION_MODE: "approval" } });
    const own = await browser.newContext();
    context.after(async () => {
        await own.close();
        await appliance.stop();
    });
    appliance.resource(API, "Example", SCOPES);
    const redirect = "http://127.0.0.1/callback";
    const client = await register(appliance, { client_name: "Hopeful", redirect_uris: [redirect] });
    const page = await watched(own, { expected: EXPECTED });
    const ask = () => page.goto(new Flow(appliance, client, redirect, { scope: "mcp:read", resource: API }).url.href);
    assertGuarded(await ask());
    assert.match(await page.innerText("main"), /approv/);
    await look(page, "error-awaiting-approval");
    appliance.writ(["client", "approve", client.client_id]);
    await ask();
    await page.getByLabel("Email").waitFor();
});
