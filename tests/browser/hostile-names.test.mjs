// Attack case 46: every name that somebody chooses holds markup, and every page of the console and of the account that can be reached by a link is
// opened in a real browser. Nothing of it runs, and it is read as it was written.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { watched } from "./looks.mjs";

const HIT = "window.hit=1";
/** Of each kind one that would run if it stood in an element, an attribute, a script or a style. */
const evil = (what) => `${what}"'><img src=x onerror=${HIT}><script>${HIT}</script>`;

let browser, appliance;
before(async () => {
    browser = await launch();
    appliance = await Appliance.start({ host: "localhost" });
});
after(async () => {
    await browser?.close();
    await appliance?.stop();
});

test("case 46: markup in every name is text on every page", { timeout: 240_000 }, async () => {
    const api = "https://api.example/tickets";
    appliance.writ(["scope", "add", "hostile:read", "--description", evil("scope"), "--risk", "low"]);
    appliance.writ(["tenant", "add", "acme", "--title", evil("tenant")]);
    appliance.writ(["role", "add", "reader", "--in", "acme", "--description", evil("role"), "--permission", "a:b"]);
    const resource = appliance.resource(api, evil("resource"), ["hostile:read"]);
    appliance.writ(["resource", "describe", resource.resource_id, "--tool", `tool: ${evil("tool")}`]);
    const grace = ["person", "add", "--email", "grace@people.example", "--name", evil("Grace"), "--password-stdin"];
    appliance.writ(grace, "seven unrelated llamas");
    appliance.writ(["person", "role", "--email", "grace@people.example", "--add", "acme/reader"]);
    appliance.writ(["person", "claims", "--email", "grace@people.example", "--claim", `x=${JSON.stringify(evil("claim"))}`]);
    appliance.client(evil("application"), { "redirect-uri": "https://app.example/cb", resource: api, scope: ["hostile:read"] });
    const waiting = { client_name: evil("itself"), redirect_uris: ["https://itself.example/cb"], client_uri: "https://itself.example/" };
    const registered = await fetch(`${appliance.origin}/oauth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...waiting, token_endpoint_auth_method: "none" }),
    });
    appliance.rememberTokens(await registered.json());
    const machine = ["machine", "add", "--name", evil("machine").slice(0, 100), "--owner", "grace@people.example"];
    const made = appliance.writ([...machine, "--purpose", evil("purpose"), "--tag", evil("tag").slice(0, 60), "--kind", "agent"]);
    appliance.writ(["machine", "suspend", made.machine_id ?? made.client_id, "--because", evil("reason")]);

    const own = await browser.newContext();
    const page = await watched(own, { expected: [400, 403, 404, 405] });
    const cdp = await own.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true };
    await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
    });
    page.on("dialog", (dialog) => assert.fail(`a dialog: ${dialog.message()}`));
    await page.goto(`${appliance.origin}/sign-in`);
    await signIn(page, appliance);
    await page.getByRole("heading", { name: "Connected applications" }).waitFor();
    await rememberCookies(appliance, own);
    await page.goto(`${appliance.origin}/account/passkeys`);
    await page.getByLabel("What to call it").fill(evil("passkey"));
    await page.getByRole("button", { name: "Add passkey" }).click();
    await page.getByText("From now on you can sign in with it").waitFor();

    // Whatever links lead to, twice as far as a person would go.
    const seen = new Set(), wanted = ["/console", "/account", "/account/passkeys", "/account/activity", "/console/audit?limit=200"];
    const said = new Set(), alike = new Map();
    while (wanted.length && seen.size < 160) {
        const path = wanted.shift();
        const plain = path.replace(/[?#].*/, "").replace(/[a-z]{3}_[0-9a-z]{26}/, "ID").replace(/\/\d+$/, "/N");
        if (seen.has(path) || (alike.get(plain) ?? 0) >= 12) continue;
        seen.add(path);
        alike.set(plain, (alike.get(plain) ?? 0) + 1);
        const answer = await page.goto(appliance.origin + path);
        if (!answer || !(answer.headers()["content-type"] ?? "").includes("text/html")) continue;
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        assert.equal(await page.evaluate(() => window.hit), undefined, `${path}: it ran`);
        assert.equal(await page.locator("img[src=x]").count(), 0, `${path}: it is an element`);
        const text = await page.evaluate(() => document.body.textContent);
        for (const what of ["scope", "tenant", "role", "resource", "tool", "Grace", "claim", "application", "itself", "machine", "purpose", "tag", "reason", "passkey"]) {
            // A claim is shown as the JSON that it is.
            if ([`${what}"'><img src=x`, `${what}\\"'><img src=x`].some((written) => text.includes(written))) said.add(what);
        }
        const links = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((link) => link.href));
        for (const link of links) {
            const url = new URL(link);
            // What is downloaded is no page.
            const ours = url.origin === appliance.origin && /^\/(console|account)/.test(url.pathname) && !url.pathname.endsWith("/export");
            if (ours) wanted.push(url.pathname + url.search);
        }
    }
    assert.deepEqual(page.complaints, []);
    assert.ok(seen.size > 40, `${seen.size} pages`);
    const names = ["Grace", "application", "claim", "itself", "machine", "passkey", "purpose", "reason", "resource", "role", "scope", "tag", "tenant", "tool"];
    assert.deepEqual([...said].sort(), names.sort(), "each was read somewhere as it was written");
    await own.close();
});
