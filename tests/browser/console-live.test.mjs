// Watching the audit log: what is added comes in at the top, and nothing moves under whoever reads.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

describe("the audit log, watched", () => {
    let appliance, own, page;
    const add = (name) => appliance.resource(`https://${name}.example/mcp`, name, ["mcp:read"]);
    const status = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
    const rows = () => page.locator("tbody tr");
    before(async () => {
        appliance = await Appliance.start();
        own = await browser.newContext({ timezoneId: "Europe/Berlin" });
        page = await watched(own, { expected: [401] });
        await page.goto(`${appliance.origin}/console/audit`);
        await signIn(page, appliance);
        await page.getByRole("heading", { name: "Audit" }).waitFor();
        await rememberCookies(appliance, own);
    });
    after(async () => {
        await own?.close();
        await appliance?.stop();
    });

    test("new entries come in at the top", async () => {
        await page.goto(`${appliance.origin}/console/audit`);
        await look(page, "audit-calm");
        const watch = page.getByRole("button", { name: "Watch live" });
        await watch.click();
        await status("Watching");
        add("first");
        await page.locator("tr.is-new").getByText("https://first.example/mcp was registered").waitFor();
        await status("new.");
        assert.match(await page.locator("tr.is-new time").first().textContent(), /^\d\d:\d\d:\d\d$/);
        assert.match(await page.locator("tr.is-new time").first().getAttribute("title"), /CET|CEST|GMT\+[12]/);
        await look(page, "audit-live");
    });

    test("nothing moves while an entry is open", async () => {
        const entry = await rows().first().getAttribute("data-entry");
        const row = page.locator(`[data-entry="${entry}"]`);
        // By the keyboard: what is added meanwhile moves it under no pointer.
        await row.locator("summary").press("Enter");
        await row.locator("pre").waitFor();
        await look(page, "audit-open");
        add("second");
        await status("Waiting while an entry is open");
        assert.equal(await page.getByText("https://second.example/mcp was registered").count(), 0);
        await row.locator("summary").press("Enter");
        await page.getByText("https://second.example/mcp was registered").waitFor();
    });

    test("the filter holds, and an empty page fills", async () => {
        await page.goto(`${appliance.origin}/console/audit?event=client.registered`);
        await page.getByText("No entry fits").waitFor();
        await page.getByRole("button", { name: "Watch live" }).click();
        await status("Watching");
        add("third");
        appliance.client("Notes", { "redirect-uri": "http://127.0.0.1/cb", auth: "none" });
        await page.getByText("Notes was registered").waitFor();
        assert.equal(await page.getByText("https://third.example/mcp").count(), 0);
        assert.equal(await page.getByText("No entry fits").count(), 0);
    });

    test("a second press stops it", async () => {
        await page.getByRole("button", { name: "Watch live" }).click();
        let asked = 0;
        page.on("request", (request) => (asked += request.url().includes("/live") ? 1 : 0));
        await page.clock.install();
        await page.clock.runFor(10_000);
        assert.equal(asked, 0);
        assert.equal(await page.getByRole("button", { name: "Watch live" }).getAttribute("aria-pressed"), "false");
    });

    test("whoever is signed out is told so", async () => {
        await page.goto(`${appliance.origin}/console/audit`);
        await page.getByRole("button", { name: "Watch live" }).click();
        await status("Watching");
        await own.clearCookies();
        await status("You are signed out");
    });
});

test("without a script, the page is as it is", async () => {
    const appliance = await Appliance.start();
    const own = await browser.newContext({ javaScriptEnabled: false });
    const page = await watched(own, { expected: [401] });
    try {
        await page.goto(`${appliance.origin}/console/audit`);
        await signIn(page, appliance);
        await page.getByRole("heading", { name: "Audit" }).waitFor();
        assert.equal(await page.getByRole("button", { name: "Watch live" }).count(), 0);
        await page.locator("tbody tr summary").first().click();
        await page.locator("tbody tr pre").first().waitFor();
    } finally {
        await own.close();
        await appliance.stop();
    }
});
