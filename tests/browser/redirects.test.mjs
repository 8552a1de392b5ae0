// Chromium applies `form-action` of the page that was posted from to every redirect after it. Whatever kind of address
// a client registered, the answer to Allow and to Deny must get there, from the sign-in page (consent remembered) and
// from the consent page.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Appliance, Callback } from "../clients/appliance.mjs";
import { giveAddress, launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";
import { assertNoComplaints, look, watched } from "./looks.mjs";

const API = "https://api.example/v1";
let appliance, browser, plain, secure;
before(async () => {
    appliance = await Appliance.start();
    browser = await launch();
    plain = await Callback.listen();
    secure = await Callback.listen({ host: "localhost", tls: true });
    appliance.resource(API, "Example", ["mcp:read"]);
});
after(async () => {
    plain?.close();
    secure?.close();
    await browser?.close();
    await appliance?.stop();
});

const targets = {
    "http on 127.0.0.1, any port": { registered: () => "http://127.0.0.1/callback", used: () => plain.uri },
    "http on localhost, any port": {
        registered: () => "http://localhost:7777/callback",
        used: () => `http://localhost:${plain.port}/callback`,
    },
    "https": { registered: () => secure.uri, used: () => secure.uri },
    "an application's own scheme": {
        registered: () => "cursor://anysphere.cursor-mcp/oauth/callback",
        used: () => "cursor://anysphere.cursor-mcp/oauth/callback",
        leavesTheBrowser: true,
    },
};

for (const [name, { registered, used, leavesTheBrowser }] of Object.entries(targets)) {
    for (const javaScriptEnabled of [true, false]) {
        test(`${name}${javaScriptEnabled ? "" : ", JavaScript off"}`, async (context) => {
            const own = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled });
            context.after(() => own.close());
            const target = used();
            /** Opens a page of its own: one that handed an answer to another program takes no more clicks for a while. */
            const open = async (flow) => {
                const page = await watched(own);
                page.answers = [];
                page.on("request", (request) => {
                    if (request.url().startsWith(`${target}?`)) page.answers.push(new URL(request.url()).searchParams);
                });
                await page.goto(flow.url.href);
                return page;
            };
            /** Presses a button and resolves with the answer that left for the target. */
            const answerTo = async (page, button) => {
                await page.getByRole("button", { name: button }).click({ noWaitAfter: true });
                for (let waited = 0; page.answers.length === 0 && waited < 10_000; waited += 50) await pause(50);
                assertNoComplaints(page);
                assert.ok(page.answers.length > 0, `nothing left for ${target}; the page says: ${await page.innerText("body")}`);
                const [answer] = page.answers;
                if (leavesTheBrowser) {
                    // The browser stays where it is, so that must be a page that says what became of it, with a link
                    // for whoever dismissed the browser's question.
                    const link = page.getByRole("link", { name: `Return to Client at ${name}` });
                    await link.waitFor();
                    assert.equal(new URL(await link.getAttribute("href")).search, `?${answer}`);
                    assert.equal(await page.getByRole("button", { name: /Allow|Deny/ }).count(), 0);
                    if (javaScriptEnabled) await look(page, `return-${button === "Deny" ? "denied" : "allowed"}`);
                }
                await page.close();
                return answer;
            };
            const client = appliance.client(`Client at ${name}`, {
                "redirect-uri": registered(),
                resource: API,
                scope: "mcp:read",
            });
            const flow = () => new Flow(appliance, client, target, { scope: "mcp:read", resource: API });

            const refused = flow();
            let page = await open(refused);
            await signIn(page, appliance);
            await page.getByRole("button", { name: "Deny" }).waitFor();
            await rememberCookies(appliance, own);
            const no = await answerTo(page, "Deny");
            assert.deepEqual(
                [no.get("error"), no.get("state"), no.get("iss")],
                ["access_denied", refused.state, appliance.origin],
            );

            const wanted = flow();
            page = await open(wanted);
            await page.locator("input[name=scope][value='mcp:read']").check();
            await page.locator("input[name=remember]").check();
            const yes = await answerTo(page, "Allow");
            assert.deepEqual([yes.get("state"), yes.get("iss")], [wanted.state, appliance.origin]);
            assert.equal((await wanted.redeem(yes.get("code"))).status, 200);

            // Signed out, consent remembered: the sign-in form itself is what leads away.
            await own.clearCookies();
            const again = flow();
            page = await open(again);
            await giveAddress(page, appliance.email);
            await page.getByLabel("Password", { exact: true }).fill(appliance.password);
            const straight = await answerTo(page, /^Sign in$/);
            assert.equal(straight.get("state"), again.state);
            assert.equal((await again.redeem(straight.get("code"))).status, 200);
            await rememberCookies(appliance, own);
        });
    }
}

// A broker answers a client of its own, and an API its pages: what is redirected to sends the browser on, to an origin that Writ never heard of.
// Chromium would hold our `form-action` against that as well.
for (const javaScriptEnabled of [true, false]) {
    test(`an application that sends the browser on to another origin${javaScriptEnabled ? "" : ", JavaScript off"}`, async (context) => {
        const end = await Callback.listen({ host: "localhost" });
        context.after(() => end.close());
        const broker = createServer((request, response) => {
            const { search } = new URL(request.url, "http://any");
            response.writeHead(302, { location: `${end.uri}${search}` }).end();
        });
        await new Promise((listening) => broker.listen(0, "127.0.0.1", listening));
        context.after(() => broker.closeAllConnections() ?? broker.close());
        const target = `http://127.0.0.1:${broker.address().port}/callback`;
        const client = appliance.client("Broker", { "redirect-uri": target, resource: API, scope: "mcp:read" });
        const own = await browser.newContext({ javaScriptEnabled });
        context.after(() => own.close());
        const answers = async (page, flow, button) => {
            await page.getByRole("button", { name: button }).click({ noWaitAfter: true });
            const answer = await end.answer();
            assertNoComplaints(page);
            assert.equal(answer.get("state"), flow.state);
            assert.equal((await flow.redeem(answer.get("code"))).status, 200);
            await page.close();
        };

        const flow = new Flow(appliance, client, target, { scope: "mcp:read", resource: API });
        let page = await watched(own);
        await page.goto(flow.url.href);
        await signIn(page, appliance);
        await page.locator("input[name=scope][value='mcp:read']").check();
        await page.locator("input[name=remember]").check();
        await rememberCookies(appliance, own);
        await answers(page, flow, "Allow");

        await own.clearCookies();
        const again = new Flow(appliance, client, target, { scope: "mcp:read", resource: API });
        page = await watched(own);
        await page.goto(again.url.href);
        await giveAddress(page, appliance.email);
        await page.getByLabel("Password", { exact: true }).fill(appliance.password);
        await answers(page, again, /^Sign in$/);
        await rememberCookies(appliance, own);
    });
}

test("an answer that is posted arrives, by itself or by hand", async (context) => {
    const posted = [];
    const site = createServer(async (request, response) => {
        let body = "";
        for await (const part of request) body += part;
        if (request.method === "POST") posted.push(new URLSearchParams(body));
        response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Done</title><link rel=icon href=data:,><p>Done");
    });
    await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
    context.after(() => site.closeAllConnections() ?? site.close());
    const target = `http://127.0.0.1:${site.address().port}/signin-oidc`;
    const client = appliance.client("Poster", { "redirect-uri": target, resource: API, scope: "mcp:read" });
    for (const javaScriptEnabled of [true, false]) {
        const own = await browser.newContext({ javaScriptEnabled });
        context.after(() => own.close());
        const flow = new Flow(appliance, client, target, { scope: "mcp:read", resource: API });
        flow.url.searchParams.set("response_mode", "form_post");
        const page = await watched(own);
        await page.goto(flow.url.href);
        await signIn(page, appliance);
        await page.locator("input[name=scope][value='mcp:read']").check();
        await rememberCookies(appliance, own);
        await page.getByRole("button", { name: "Allow" }).click({ noWaitAfter: true });
        if (!javaScriptEnabled) await page.getByRole("button", { name: "Return to Poster" }).click();
        await page.waitForURL(target);
        assertNoComplaints(page);
        const answer = posted.pop();
        assert.deepEqual([...answer.keys()], ["code", "state", "iss"]);
        assert.equal(answer.get("state"), flow.state);
        assert.equal((await flow.redeem(answer.get("code"))).status, 200);
    }
});
