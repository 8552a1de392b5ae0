// Settings: one is changed while Writ runs and given back, wrong values are told at their field, and registration is closed and opened with
// a token that is made here.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, signIn } from "../clients/browser.mjs";
import { look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

for (const javaScriptEnabled of [true, false]) {
    describe(`settings, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, own, page;
        const seen = async (name) => javaScriptEnabled && (await look(page, `settings-${name}`));
        const row = (name) => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) });

        before(async () => {
            appliance = await Appliance.start();
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [401, 403, 422] });
            await page.goto(`${appliance.origin}/sign-in`);
            await signIn(page, appliance);
            await page.waitForURL((url) => url.pathname !== "/sign-in");
        });
        after(async () => {
            await own?.close();
            await appliance?.stop();
        });

        test("a lifetime is changed, and given back", async () => {
            await page.goto(`${appliance.origin}/console/settings`);
            await seen("list");
            await row("lifetimes.access").getByRole("link", { name: "Change lifetimes.access" }).click();
            await page.getByRole("heading", { name: "lifetimes.access", level: 1 }).waitFor();
            await seen("one");
            await page.getByLabel("New value").fill("2d");
            await page.getByRole("button", { name: "Change lifetimes.access" }).click();
            await page.getByRole("alert").filter({ hasText: "It is between 1m and 1d." }).waitFor();
            assert.equal(await page.getByLabel("New value").inputValue(), "2d");
            await seen("refused");
            await page.getByLabel("New value").fill("15m");
            await page.getByRole("button", { name: "Change lifetimes.access" }).click();
            await page.getByText("It holds from now on").waitFor();
            await row("lifetimes.access").getByText("set here").waitFor();
            await seen("changed");
            const listed = JSON.stringify(appliance.writ(["settings", "list", "--changed"]));
            assert.match(listed, /lifetimes\.access/);
            await row("lifetimes.access").getByRole("link", { name: "Change lifetimes.access" }).click();
            await page.getByRole("heading", { name: "Back to what was read" }).waitFor();
            await seen("kept");
            await page.getByRole("button", { name: "Go back to what was read" }).click();
            await page.getByText("as it was read again").waitFor();
            assert.equal(await row("lifetimes.access").getByText("set here").count(), 0);
        });

        test("registration takes a token, which is made here and shown once", async () => {
            await page.goto(`${appliance.origin}/console/settings/of/registration.mode`);
            await seen("mode");
            await page.getByRole("radio", { name: /^token/ }).check();
            await page.getByRole("button", { name: "Change registration.mode" }).click();
            await page.getByText("It holds from now on").waitFor();
            const metadata = JSON.stringify({ client_name: "An app", redirect_uris: ["https://app.example/cb"] });
            const register = async (headers) =>
                (
                    await fetch(`${appliance.origin}/oauth/register`, {
                        method: "POST",
                        headers: { "content-type": "application/json", ...headers },
                        body: metadata,
                    })
                ).status;
            assert.equal(await register({}), 401);

            await page.goto(`${appliance.origin}/console/applications`);
            await page.getByRole("link", { name: "Registration tokens" }).click();
            await page.getByText("There is none.").waitFor();
            await seen("tokens-none");
            await page.getByLabel("What it is for").fill("The onboarding script");
            await page.getByRole("button", { name: "Make token" }).click();
            await page.getByRole("heading", { name: "New registration token" }).waitFor();
            await seen("token-new");
            const token = await page.locator("#token").textContent();
            assert.equal(await register({ authorization: `Bearer ${token}` }), 201);
            assert.equal(await register({ authorization: `Bearer ${token}` }), 401, "it was for one");
            await page.getByRole("link", { name: "Done" }).click();
            await page.getByText("Used up").waitFor();
            await seen("tokens");
            await page.getByText("End…").click();
            await seen("token-end");
            await page.getByRole("button", { name: "End token" }).click();
            await page.getByText("There is none.").waitFor();
        });

        test("the house has another colour at once", async () => {
            await page.goto(`${appliance.origin}/console/settings/of/brand.accent`);
            await page.getByRole("radio", { name: "plum" }).check();
            await page.getByRole("button", { name: "Change brand.accent" }).click();
            await page.getByText("It holds from now on").waitFor();
            await seen("plum");
        });

        test("nothing complained", () => assert.deepEqual(page.complaints, []));
    });
}
