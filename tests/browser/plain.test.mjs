// With JavaScript off: everything a person needs still works.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Appliance, Callback } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn, tickEverything } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";

const API = "https://api.example/v1";
let appliance, browser;
before(async () => {
    appliance = await Appliance.start({ administrator: false });
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await appliance?.stop();
});

test("set up, sign in, allow, revoke, sign out", async (context) => {
    const own = await browser.newContext({ javaScriptEnabled: false });
    const callback = await Callback.listen();
    context.after(() => Promise.all([own.close(), callback.close()]));
    const page = await own.newPage();

    const link = appliance.printed().match(/^Set up: (\S+)$/m)[1];
    appliance.remember({ "setup token": new URL(link).searchParams.get("token") });
    await page.goto(link);
    await page.getByLabel("Name").fill("Ada Lovelace");
    await page.getByLabel("Email").fill(appliance.email);
    await page.getByLabel("Password", { exact: true }).fill(appliance.password);
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.waitForURL((url) => url.pathname !== "/setup");
    await rememberCookies(appliance, own);
    await own.clearCookies();

    appliance.resource(API, "Example", ["mcp:read"]);
    const client = appliance.client("Plain helper", { "redirect-uri": callback.uri, resource: API, scope: "mcp:read" });
    const flow = new Flow(appliance, client, callback.uri, { scope: "offline_access mcp:read", resource: API });
    await page.goto(flow.url.href);
    await signIn(page, appliance);
    await page.getByRole("button", { name: "Allow" }).waitFor();
    await rememberCookies(appliance, own);
    await tickEverything(page);
    await page.getByRole("button", { name: "Allow" }).click();
    await page.waitForURL((url) => url.origin !== appliance.origin);
    const { status, body } = await flow.redeem((await callback.answer()).get("code"));
    assert.equal(status, 200);

    await page.goto(`${appliance.origin}/account`);
    const row = page.locator("li", { hasText: "Plain helper" });
    const details = row.locator("details");
    if (await details.count()) await details.locator("summary").click();
    await row.getByRole("button", { name: "Revoke access" }).click();
    await page.locator("main li", { hasText: "Plain helper" }).waitFor({ state: "detached" });
    const dead = await flow.post({ grant_type: "refresh_token", refresh_token: body.refresh_token });
    assert.equal(dead.body.error, "invalid_grant");

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL((url) => url.pathname !== "/account");
    await page.goto(`${appliance.origin}/account`);
    assert.equal(new URL(page.url()).pathname, "/sign-in");
});
