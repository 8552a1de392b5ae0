// What people do in the browser, from the first start on; each page on the way is looked at.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance, Callback } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn, tickEverything } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

const API = "https://api.example/v1";
const SCOPES = ["mcp:read", "mcp:tools", "mcp:write", "mcp:admin"];
let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

describe("first run", () => {
    let appliance;
    before(async () => (appliance = await Appliance.start({ administrator: false })));
    after(async () => await appliance?.stop());

    test("the printed link makes the first administrator, once", async (context) => {
        const own = await browser.newContext();
        context.after(() => own.close());
        const link = appliance.printed().match(/^Set up: (\S+)$/m)?.[1];
        assert.ok(link?.startsWith(`${appliance.origin}/setup?token=`), appliance.printed());
        appliance.remember({ "setup token": new URL(link).searchParams.get("token") });

        const page = await watched(own, { expected: [400, 401, 403, 404, 410, 422] });
        assertGuarded(await page.goto(appliance.origin));
        await look(page, "home-before-setup");
        await page.goto(`${appliance.origin}/setup?token=made-up`);
        await look(page, "setup-wrong-link");

        assertGuarded(await page.goto(link));
        await look(page, "setup");
        await page.getByLabel("Name").fill("Ada Lovelace");
        await page.getByLabel("Email").fill(appliance.email);
        await page.getByLabel("Password", { exact: true }).fill("short");
        await page.getByRole("button", { name: "Create administrator" }).click();
        await page.getByRole("button", { name: "Create administrator" }).waitFor();
        await look(page, "setup-refused");
        assert.equal(await page.getByLabel("Name").inputValue(), "Ada Lovelace", "what was typed is kept");
        assert.equal(await page.getByLabel("Email").inputValue(), appliance.email);
        assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "", "but never a password");

        await page.getByLabel("Password", { exact: true }).fill(appliance.password);
        await page.getByRole("button", { name: "Create administrator" }).click();
        await page.waitForURL((url) => url.pathname !== "/setup");
        await page.goto(`${appliance.origin}/account`);
        if (new URL(page.url()).pathname === "/sign-in") await signIn(page, appliance);
        await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
        await rememberCookies(appliance, own);
        await look(page, "account-empty");

        const stranger = await browser.newContext();
        context.after(() => stranger.close());
        const again = await watched(stranger, { expected: [400, 401, 403, 404, 410] });
        await again.goto(link);
        assert.equal(await again.getByRole("button", { name: "Create administrator" }).count(), 0, "the link is spent");
        await look(again, "setup-done");
        assertNoComplaints(page);
    });
});

describe("every day", () => {
    let appliance, callback, client;
    before(async () => {
        appliance = await Appliance.start();
        callback = await Callback.listen();
        appliance.resource(API, "Example", SCOPES);
        client = appliance.client("Ticket helper", {
            "redirect-uri": callback.uri,
            resource: API,
            scope: [...SCOPES, "openid", "offline_access"],
        });
    });
    after(async () => {
        callback?.close();
        await appliance?.stop();
    });

    function flow(more) {
        return new Flow(appliance, client, callback.uri, { scope: "offline_access mcp:read mcp:tools", resource: API, ...more });
    }

    /** A browser that is signed in. */
    async function signedIn(context) {
        const own = await browser.newContext();
        context.after(() => own.close());
        const page = await watched(own);
        await page.goto(`${appliance.origin}/sign-in`);
        await signIn(page, appliance);
        await page.waitForURL((url) => url.pathname !== "/sign-in");
        await rememberCookies(appliance, own);
        return { own, page };
    }

    async function allow(page) {
        await tickEverything(page);
        await page.getByRole("button", { name: "Allow" }).click();
        // By way of a page of ours: what is opened next must not come in between.
        await page.waitForURL((url) => url.origin !== appliance.origin);
        const answer = await callback.answer();
        assert.equal(answer.get("error"), null, String(answer));
        return answer;
    }

    test("sign-in: a wrong password, then the right one; sign-out", async (context) => {
        const own = await browser.newContext();
        context.after(() => own.close());
        const page = await watched(own, { expected: [400, 401, 403, 422] });
        assertGuarded(await page.goto(`${appliance.origin}/sign-in`));
        await look(page, "sign-in");
        const cookiesBefore = await own.cookies();
        await signIn(page, { ...appliance, password: "not the password" });
        await page.getByRole("alert").waitFor();
        const wrong = await page.getByRole("alert").innerText();
        await look(page, "sign-in-wrong");
        assert.equal(await page.getByLabel("Email").inputValue(), appliance.email, "what was typed is kept");
        await signIn(page, { email: "nobody@people.example", password: "not the password" });
        await page.getByRole("alert").waitFor();
        assert.equal(await page.getByRole("alert").innerText(), wrong, "nobody learns who has an account");

        await signIn(page, appliance);
        await page.waitForURL((url) => url.pathname !== "/sign-in");
        await rememberCookies(appliance, own);
        const cookies = await own.cookies();
        const session = cookies.find(({ value }) => !cookiesBefore.some((earlier) => earlier.value === value));
        assert.ok(session, "signing in makes a new cookie value");
        for (const cookie of cookies) {
            assert.ok(cookie.httpOnly, `${cookie.name} is for the server only`);
            assert.notEqual(cookie.sameSite, "None");
        }

        await page.goto(`${appliance.origin}/account`);
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForURL((url) => url.pathname !== "/account");
        await look(page, "signed-out");
        await page.goto(`${appliance.origin}/account`);
        assert.equal(new URL(page.url()).pathname, "/sign-in", "the account page is closed again");
        await own.addCookies([session]);
        await page.goto(`${appliance.origin}/account`);
        assert.equal(new URL(page.url()).pathname, "/sign-in", "and so it is for whoever kept the old cookie");
        assertNoComplaints(page);
    });

    test("sign-in on the way to an application names it", async (context) => {
        const own = await browser.newContext();
        context.after(() => own.close());
        const page = await watched(own);
        const wanted = flow();
        assertGuarded(await page.goto(wanted.url.href));
        assert.match(await page.innerText("main"), /Ticket helper/);
        await look(page, "sign-in-for-application");
        await signIn(page, appliance);
        await page.getByRole("button", { name: "Allow" }).waitFor();
        await rememberCookies(appliance, own);
        const answered = page.waitForURL((url) => url.origin !== appliance.origin);
        await page.getByRole("button", { name: "Deny" }).click();
        await answered;
        const answer = await callback.answer();
        assert.equal(answer.get("error"), "access_denied");
        assert.equal(answer.get("state"), wanted.state);
        assert.equal(answer.get("iss"), appliance.origin);
        assert.equal(answer.get("code"), null);
    });

    test("consent: it says who, where to and what; a part of it is granted; risky is not ticked beforehand", async (context) => {
        const { page } = await signedIn(context);
        const wanted = flow({ scope: `offline_access ${SCOPES.join(" ")}` });
        await page.goto(wanted.url.href);
        const words = await page.innerText("main");
        assert.match(words, /Ticket helper/);
        assert.match(words, /this computer/i);
        assert.match(words, new RegExp(API.replaceAll(".", "\\.")));
        for (const scope of SCOPES) assert.ok(words.includes(scope), `${scope} is named`);
        assert.equal(await page.locator("input[name=scope][value='mcp:admin']").isChecked(), false);
        await look(page, "consent");
        await page.locator("input[name=scope][value='mcp:write']").uncheck();
        await page.locator("input[name=scope][value='mcp:read']").check();
        await page.locator("input[name=scope][value='mcp:admin']").uncheck();
        await page.getByRole("button", { name: "Allow" }).click();
        const answer = await callback.answer();
        assert.equal(answer.get("iss"), appliance.origin);
        const { status, body } = await wanted.redeem(answer.get("code"));
        assert.equal(status, 200);
        const granted = body.scope.split(" ");
        assert.ok(granted.includes("mcp:read") && granted.includes("mcp:tools"));
        assert.ok(!granted.includes("mcp:write") && !granted.includes("mcp:admin"));
        assertNoComplaints(page);
    });

    test("a consent that was remembered is not asked for again, but for more, and on prompt=consent", async (context) => {
        const { page } = await signedIn(context);
        const helper = appliance.client("Remembered helper", {
            "redirect-uri": callback.uri,
            resource: API,
            scope: SCOPES,
        });
        const ask = (scope, more) => new Flow(appliance, helper, callback.uri, { scope, resource: API, ...more });
        await page.goto(ask("mcp:read").url.href);
        await page.locator("input[name=remember]").check();
        await allow(page);

        await page.goto(ask("mcp:read").url.href);
        assert.ok((await callback.answer()).get("code"), "answered without a question");

        await page.goto(ask("mcp:read mcp:write").url.href);
        await page.getByRole("button", { name: "Allow" }).waitFor();
        await look(page, "consent-for-more");
        await allow(page);

        await page.goto(ask("mcp:read", { prompt: "consent" }).url.href);
        await page.getByRole("button", { name: "Allow" }).waitFor();
        await page.locator("input[name=remember]").uncheck().catch(() => {});
        await allow(page);
        assertNoComplaints(page);
    });

    test("account: revoking an application ends its refresh token", async (context) => {
        const { page } = await signedIn(context);
        const gone = appliance.client("Soon revoked", { "redirect-uri": callback.uri, resource: API, scope: SCOPES });
        const wanted = new Flow(appliance, gone, callback.uri, { scope: "offline_access mcp:read", resource: API });
        await page.goto(wanted.url.href);
        const answer = await allow(page);
        const { body } = await wanted.redeem(answer.get("code"));
        const alive = await wanted.post({ grant_type: "refresh_token", refresh_token: body.refresh_token });
        assert.equal(alive.status, 200);

        await page.goto(`${appliance.origin}/account`);
        await look(page, "account");
        const row = page.locator("li", { hasText: "Soon revoked" });
        const details = row.locator("details");
        if (await details.count()) await details.locator("summary").click();
        await look(page, "account-revoking");
        await row.getByRole("button", { name: "Revoke access" }).click();
        await page.locator("main li", { hasText: "Soon revoked" }).waitFor({ state: "detached" });
        const dead = await wanted.post({ grant_type: "refresh_token", refresh_token: alive.body.refresh_token });
        assert.equal(dead.status, 400);
        assert.equal(dead.body.error, "invalid_grant");
        assertNoComplaints(page);
    });

    test("account: a session elsewhere is listed and can be ended", async (context) => {
        const { page: elsewhere } = await signedIn(context);
        const { page } = await signedIn(context);
        await page.goto(`${appliance.origin}/account`);
        assert.equal(await page.locator("li", { hasText: /Chrome on Linux\s*current/ }).count(), 1);
        const others = page.locator("li", { has: page.getByRole("button", { name: "End session" }) });
        const before = await others.count();
        assert.ok(before >= 1);
        await look(page, "account-sessions");
        // The one that was seen last stands first.
        await others.first().getByRole("button", { name: "End session" }).click();
        await page.getByRole("status").waitFor();
        assert.equal(await others.count(), before - 1);
        await elsewhere.goto(`${appliance.origin}/account`);
        assert.equal(new URL(elsewhere.url()).pathname, "/sign-in");
        assertNoComplaints(page);
    });

    test("errors are pages that say what to do, and never send anybody away", async (context) => {
        const own = await browser.newContext();
        context.after(() => own.close());
        const page = await watched(own, { expected: [400, 401, 404, 405] });
        const stranger = new Flow(appliance, { client_id: "cli_nobody" }, callback.uri, { scope: "mcp:read" });
        const cases = {
            "error-unknown-client": stranger.url.href,
            "error-redirect": new Flow(appliance, client, "https://elsewhere.example/cb", { resource: API }).url.href,
            "error-nothing-here": `${appliance.origin}/nothing-here`,
            "error-method": `${appliance.origin}/oauth/consent`,
        };
        for (const [name, url] of Object.entries(cases)) {
            const answer = await page.goto(url);
            assert.ok(answer.status() >= 400 && answer.status() < 500, `${name}: ${answer.status()}`);
            assertGuarded(answer);
            assert.equal(new URL(page.url()).origin, appliance.origin);
            await look(page, name);
        }
    });

    test("a form without its csrf value changes nothing", async (context) => {
        const { page } = await signedIn(context);
        page.complaints.length = 0;
        await page.goto(`${appliance.origin}/account`);
        await page.locator("form[action$='/sign-out'] input[name=csrf]").evaluate((input) => (input.value = "made-up"));
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForLoadState();
        await page.goto(`${appliance.origin}/account`);
        await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
    });
});
