// The table of machines: sorted, narrowed, and both in its address; over the demo, which has tenants and tags.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "../clients/browser.mjs";
import { demo } from "./demo.mjs";
import { assertNoComplaints, look, watched } from "./looks.mjs";

let browser, writ;
before(async () => {
    browser = await launch();
    writ = await demo();
});
after(async () => {
    await browser?.close();
    await writ?.stop();
});

for (const javaScriptEnabled of [true, false]) {
    describe(`the table of machines, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let own, page;
        const seen = async (name) => (javaScriptEnabled ? await look(page, `machines-${name}`) : undefined);
        const names = async () => await page.locator("main .list-name").allTextContents();
        before(async () => {
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own);
            await writ.signIn(page);
            await page.goto(`${writ.origin}/console/machines`);
        });
        after(async () => await own?.close());

        test("a column's head sorts by it, and once more the other way", async () => {
            await seen("newest");
            const newest = await names();
            const name = page.getByRole("columnheader", { name: "Name" });
            assert.equal(await name.getAttribute("aria-sort"), null);
            await name.getByRole("link").click();
            await page.waitForURL(/sort=name/);
            assert.equal(await name.getAttribute("aria-sort"), "ascending");
            await page.getByText("By tenant, then by name.").waitFor();
            const forward = await names();
            assert.notDeepEqual(forward, newest);
            await seen("by-name");
            await name.getByRole("link").click();
            await page.waitForURL(/sort=-name/);
            assert.equal(await name.getAttribute("aria-sort"), "descending");
            assert.deepEqual(await names(), forward.reverse());
        });

        test("what was used last is on top", async () => {
            const used = page.getByRole("columnheader", { name: "Last used" });
            await used.getByRole("link").click();
            await page.waitForURL(/sort=-used/);
            const times = await page.locator("td[data-label='Last used'] time").evaluateAll((all) => all.map((one) => one.dateTime));
            assert.ok(times.length > 3);
            assert.deepEqual(times, times.toSorted().reverse());
        });

        test("an order and a filter stay together", async () => {
            await page.getByLabel("Tenant").selectOption("emea");
            await page.getByLabel("Order").selectOption("name");
            await page.getByRole("button", { name: "Filter" }).click();
            await page.waitForURL((url) => url.searchParams.get("tenant") === "emea" && url.searchParams.get("sort") === "name");
            assert.equal(await page.getByText("By tenant, then by name.").count(), 0);
            const found = await names();
            assert.ok(found.length > 0);
            assert.deepEqual(found, found.toSorted());
            assert.deepEqual(new Set(await page.locator("td[data-label=Tenant]").allTextContents()), new Set(["emea"]));
            await page.getByRole("columnheader", { name: "Last used" }).getByRole("link").click();
            await page.waitForURL(/tenant=emea/);
            await seen("of-a-tenant");
        });

        test("a tag leads to all that have it", async () => {
            await page.goto(`${writ.origin}/console/machines?kind=agent`);
            await page.locator("main .list-name").first().click();
            await page.getByRole("link", { name: "agents", exact: true }).click();
            await page.waitForURL(/tag=agents/);
            assert.equal(await page.getByLabel("Tag", { exact: true }).inputValue(), "agents");
            await seen("of-a-tag");
            const some = (await names()).length;
            await page.getByLabel("Tag", { exact: true }).selectOption("");
            await page.getByRole("button", { name: "Filter" }).click();
            await page.getByRole("heading", { name: "Machines" }).waitFor();
            assert.ok((await names()).length > some);
            assertNoComplaints(page);
        });
    });
}
