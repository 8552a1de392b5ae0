// How often others may ask: seen in the console, changed while it runs, and back to what the setting says.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, signIn } from "../clients/browser.mjs";
import { look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

for (const javaScriptEnabled of [true, false]) {
    describe(`limits, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, own, page;
        before(async () => {
            appliance = await Appliance.start();
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [422] });
            await page.goto(`${appliance.origin}/sign-in`);
            await signIn(page, appliance);
            await page.waitForURL((url) => url.pathname !== "/sign-in");
        });
        after(async () => {
            await own?.close();
            await appliance?.stop();
        });

        const row = (name) => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) });

        test("the settings lead there", async () => {
            await page.goto(`${appliance.origin}/console/settings`);
            if (javaScriptEnabled) await look(page, "console-settings");
            await page.getByRole("link", { name: /limits/i }).first().click();
            await page.getByRole("heading", { name: "Limits", level: 1 }).waitFor();
            if (javaScriptEnabled) await look(page, "limits");
        });

        test("one is changed, holds, and goes back to the setting", async () => {
            const register = row("register");
            await register.getByText("Change…").click();
            await register.getByLabel("Requests a minute").fill("7");
            if (javaScriptEnabled) await look(page, "limits-change");
            await register.getByRole("button", { name: "Change register" }).click();
            await row("register").getByText("the setting: ").waitFor();
            if (javaScriptEnabled) await look(page, "limits-changed");
            const listed = appliance.writ(["limits", "list"]);
            assert.match(JSON.stringify(listed), /"per_minute":7/);
            await row("register").getByText("Change…").click();
            await row("register").getByRole("button", { name: /^Back to the setting/ }).click();
            await page.getByRole("heading", { name: "Limits", level: 1 }).waitFor();
            assert.equal(await row("register").getByText("the setting: ").count(), 0);
        });

        test("nothing complained", () => assert.deepEqual(page.complaints, []));
    });
}
