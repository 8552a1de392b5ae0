// Several rows at once, the menu of a phone, and a secret that is taken along: in the invented organisation, with and without a script.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readFileSync } from "node:fs";
import { launch } from "../clients/browser.mjs";
import { demo } from "./demo.mjs";
import { assertNoComplaints, look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

for (const javaScriptEnabled of [true, false]) {
    describe(`several rows, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let writ, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `choose-${name}`) : undefined);
        before(async () => {
            writ = await demo();
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [400, 404, 422] });
            await writ.signIn(page);
        });
        after(async () => {
            await own?.close();
            await writ?.stop();
        });

        test("machines are chosen, counted and stopped, and the filter stays", async () => {
            await page.goto(`${writ.origin}/console/machines?kind=device`);
            if (javaScriptEnabled) {
                await page.getByLabel("All on this page").check();
                await page.getByText("5 chosen").waitFor();
                await page.getByLabel("Choose lobby-display").uncheck();
                await page.getByText("4 chosen").waitFor();
                await page.getByText("Stop the chosen…").click();
                await page.getByText("meeting-room-panel, badge-reader-south").waitFor();
                await seen("machines");
            } else {
                await page.getByLabel("Choose label-printer-2").check();
                await page.getByText("Stop the chosen…").click();
                await page.getByText("Every machine that is ticked above").waitFor();
            }
            await page.getByLabel("Why").fill("a drill");
            await page.getByRole("button", { name: "Stop the chosen machines" }).click();
            await page.getByText(javaScriptEnabled ? "4 machines are stopped." : "1 machine is stopped.").waitFor();
            assert.equal(new URL(page.url()).searchParams.get("kind"), "device");
        });

        test("an application that looks like another is rejected, and not approved from the list", async () => {
            await page.goto(`${writ.origin}/console/applications?state=waiting`);
            await page.getByText("looks like Cursor").waitFor();
            assert.equal(await page.getByRole("button", { name: "Approve Curs0r" }).count(), 0);
            await page.getByLabel("Choose Curs0r").check();
            await page.getByLabel("Choose Meeting notes").check();
            await page.getByText("Approve the chosen…").click();
            await seen("applications");
            await page.getByRole("button", { name: "Approve applications" }).click();
            await page.getByText("Not all of them are decided about").waitFor();
            await page.getByLabel("Choose Curs0r").check();
            await page.getByText("Reject the chosen…").click();
            await page.getByLabel("Why").fill("It is not Cursor.");
            // Enter decides nothing: the first button of the form would have approved.
            await page.getByLabel("Why").press("Enter");
            await page.getByRole("button", { name: "Reject applications" }).click();
            await page.getByText("Rejected. Whoever wants to use them reads why.").waitFor();
        });

        test("nothing is removed before somebody chose it and typed the word", async () => {
            await page.goto(`${writ.origin}/console/applications/stale`);
            assert.equal(await page.locator("td input:checked").count(), 0);
            await page.locator("td input[type=checkbox]").first().check();
            await page.getByText("Remove the chosen…").click();
            await page.getByLabel("Type “remove”").fill("no");
            await seen("stale");
            await page.getByRole("button", { name: "Remove the chosen applications" }).click();
            await page.getByText("Nothing was removed").waitFor();
        });

        test("on a phone the rooms are behind one button", async () => {
            await page.setViewportSize({ width: 360, height: 740 });
            await page.goto(`${writ.origin}/console/machines`);
            const begins = await page.getByRole("heading", { name: "Machines", level: 1 }).boundingBox();
            assert.ok(begins.y < 200, `the page begins at ${begins.y}`);
            assert.equal(await page.getByRole("link", { name: "Keys", exact: true }).count(), 0);
            await page.getByText("Menu", { exact: true }).click();
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Keys" }).click();
            await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
            await page.setViewportSize({ width: 1440, height: 900 });
        });

        test("a new secret is whole, and taken along as a file", async () => {
            await page.goto(`${writ.origin}/console/search?q=billing-sync-us`);
            await page.getByRole("link", { name: "billing-sync-us", exact: true }).first().click();
            await page.getByText("Rotate", { exact: false }).first().click();
            await page.getByRole("button", { name: "Rotate secret" }).first().click();
            await page.getByText("shown this once").waitFor();
            const secret = await page.locator("#secret").innerText();
            const { height } = await page.locator("#secret").boundingBox();
            assert.ok(height < 48, `the secret is broken over lines: ${height}`);
            await page.locator("#snippet-env", { hasText: secret }).waitFor();
            assert.ok(!page.url().includes(secret));
            if (!javaScriptEnabled) return;
            const [file] = await Promise.all([
                page.waitForEvent("download"),
                page.getByRole("button", { name: "Download .env" }).click(),
            ]);
            assert.equal(file.suggestedFilename(), "billing-sync-us.env");
            assert.match(readFileSync(await file.path(), "utf8"), new RegExp(`^WRIT_CLIENT_SECRET=${secret}$`, "m"));
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
