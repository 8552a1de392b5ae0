// Web applications open the sign-in in a popup, wait for `popup.closed`, and their redirect page speaks to the window that
// opened it. A page of ours with `Cross-Origin-Opener-Policy: same-origin` would cut the two apart.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn, tickEverything } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";

const API = "https://api.example/v1";
let appliance, browser, application, origin;
before(async () => {
    appliance = await Appliance.start();
    browser = await launch();
    appliance.resource(API, "Example", ["mcp:read"]);
    // Opens whatever is behind the `#`, and the redirect page that reports to it and closes itself.
    const opener = `<!doctype html><title>Application</title><link rel=icon href=data:,><button>Connect</button><script>
        document.querySelector("button").onclick = () => {
            window.popup = window.open(decodeURIComponent(location.hash.slice(1)), "sign-in", "popup,width=480,height=640");
        };
        addEventListener("message", (event) => event.origin === location.origin && (window.answer = event.data));
    </script>`;
    const callback = `<!doctype html><title>Done</title><link rel=icon href=data:,><script>
        window.opener.postMessage(location.search, location.origin);
        window.close();
    </script>`;
    application = createServer((request, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end(request.url.startsWith("/callback") ? callback : opener);
    });
    await new Promise((listening) => application.listen(0, "127.0.0.1", listening));
    origin = `http://127.0.0.1:${application.address().port}`;
});
after(async () => {
    application?.closeAllConnections();
    application?.close();
    await browser?.close();
    await appliance?.stop();
});

test("a sign-in in a popup comes back to the window that opened it", async (context) => {
    const own = await browser.newContext();
    context.after(() => own.close());
    const redirect = `${origin}/callback`;
    const client = appliance.client("Popup", { "redirect-uri": redirect, resource: API, scope: "mcp:read" });
    const flow = new Flow(appliance, client, redirect, { scope: "mcp:read", resource: API });
    const page = await own.newPage();
    await page.goto(`${origin}/#${encodeURIComponent(flow.url.href)}`);
    const [popup] = await Promise.all([
        own.waitForEvent("page"),
        page.getByRole("button", { name: "Connect" }).click(),
    ]);
    const isClosed = () => page.evaluate(() => window.popup.closed);
    await popup.getByLabel("Email").waitFor();
    assert.equal(await isClosed(), false, "on the sign-in page");
    // Once wrong, so that the page comes back.
    await signIn(popup, { email: appliance.email, password: "not this one" });
    await popup.getByText("do not match").waitFor();
    assert.equal(await isClosed(), false, "on the sign-in page again");
    await signIn(popup, appliance);
    const allow = popup.getByRole("button", { name: /^Allow/ });
    await allow.waitFor();
    assert.equal(await isClosed(), false, "on the consent page");
    await tickEverything(popup);
    await rememberCookies(appliance, own);
    await Promise.all([popup.waitForEvent("close"), allow.click({ noWaitAfter: true })]);
    await page.waitForFunction(() => window.answer !== undefined);
    const answer = new URLSearchParams(await page.evaluate(() => window.answer));
    assert.equal(answer.get("state"), flow.state);
    assert.equal((await flow.redeem(answer.get("code"))).status, 200);
});
