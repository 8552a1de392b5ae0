// Signing keys in the console: what each does when, a turn before its time, and the withdrawal of one that was stolen.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

for (const javaScriptEnabled of [true, false]) {
    describe(`keys, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `console-${name}`) : undefined);
        const state = (words) => page.getByRole("row").filter({ hasText: words });
        before(async () => {
            appliance = await Appliance.start();
            appliance.resource("https://api.example/v1", "Tickets", ["mcp:read", "mcp:write"]);
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [400, 401, 403, 404, 409, 422] });
        });
        after(async () => {
            await own?.close();
            await appliance?.stop();
        });

        test("each key says what it does when", async () => {
            await page.goto(`${appliance.origin}/console/keys`);
            await signIn(page, appliance);
            await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
            await rememberCookies(appliance, own);
            assertGuarded(await page.goto(`${appliance.origin}/console/keys`));
            await page.getByRole("heading", { name: "What happens next" }).waitFor();
            await page.getByText("Rotate keys…").click();
            await page.getByLabel("Which").selectOption("ES256");
            await page.getByLabel("When the new one signs").selectOption("now");
            await page.getByRole("button", { name: "Rotate keys" }).click();
            await page.getByText("A new key is on its way").waitFor();
            await seen("keys-lines");
        });

        test("a stolen key is withdrawn by who has read what breaks", async () => {
            await state("Signs since").first().getByRole("link").click();
            await page.getByText("Access tokens for https://api.example/v1").waitFor();
            const kid = await page.locator("#kid").innerText();
            await page.getByText("Withdraw this key…").click();
            await seen("key-withdraw");
            await page.getByLabel("Why").fill("found in a backup");
            await page.getByLabel("Type how it begins").fill("something");
            await page.getByRole("button", { name: "Withdraw key" }).click();
            await page.getByText("Nothing was withdrawn").waitFor();
            await page.getByText("Withdraw this key…").click();
            await page.getByLabel("Why").fill("found in a backup");
            await page.getByLabel("Type how it begins").fill(kid.slice(0, 8));
            await page.getByRole("button", { name: "Withdraw key" }).click();
            await page.getByText("The key is withdrawn").waitFor();
            await seen("keys-withdrawn");
            const published = await page.locator("pre.json").innerText();
            assert.ok(!published.includes(kid), "it is not published any more");
            await page.goto(`${appliance.origin}/console/keys/${kid}`);
            await page.getByRole("heading", { name: "It was withdrawn" }).waitFor();
            await seen("key-withdrawn");
            assertNoComplaints(page);
        });
    });
}
