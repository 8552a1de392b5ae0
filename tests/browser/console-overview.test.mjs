// The first page of the console: what needs a person, and what happened lately; the demo has a week of it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, signIn } from "../clients/browser.mjs";
import { demo } from "./demo.mjs";
import { look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

describe("the overview of the demo", () => {
    let writ, own, page;
    before(async () => {
        writ = await demo();
        own = await browser.newContext({ timezoneId: "Asia/Kolkata" });
        page = await watched(own);
        await writ.signIn(page);
    });
    after(async () => {
        await own?.close();
        await writ?.stop();
    });

    test("charts tell of the last day", async () => {
        const answer = await page.goto(`${writ.origin}/console`);
        const bytes = Buffer.byteLength(await answer.text());
        assert.ok(bytes < 150_000, `${bytes} bytes`);
        await page.getByRole("img", { name: "Tokens given" }).waitFor();
        await page.getByRole("heading", { name: "Busiest machines" }).waitFor();
        await page.getByText("sign-ins failed in the last 24 hours").waitFor();
        assert.equal(await page.locator("main [style]").count(), 0);
        await look(page, "overview-day");
    });

    test("and of the last week", async () => {
        await page.getByRole("link", { name: "7 days" }).click();
        await page.getByText("in the last 7 days").first().waitFor();
        await look(page, "overview-week");
        for (const numbers of await page.getByText("Numbers of").all()) await numbers.click();
        await page.getByRole("columnheader", { name: "Client credentials" }).waitFor();
        await look(page, "overview-numbers");
    });

    test("times are the reader's own, and their zone is named", async () => {
        await page.goto(`${writ.origin}/console`);
        await page.getByText(/Times are in Asia\/(Calcutta|Kolkata)/).filter({ visible: true }).waitFor();
        const time = page.locator(".pairs time").first();
        assert.match(await time.getAttribute("title"), /GMT\+5:30|IST/);
        const tick = page.locator(".plot-x time").first();
        assert.match(await tick.textContent(), /^\d\d:30$/, "Kolkata is half an hour off");
        assert.match(await page.locator(".plot-hint title").first().textContent(), /GMT\+5:30|IST/);
    });

    test("without a script, charts are there and times are in UTC", async () => {
        const plain = await browser.newContext({ timezoneId: "Asia/Kolkata", javaScriptEnabled: false });
        const page = await watched(plain);
        try {
            await writ.signIn(page);
            await page.goto(`${writ.origin}/console?span=7d`);
            await page.getByRole("img", { name: "Tokens given" }).waitFor();
            await page.getByText("Times are in UTC").filter({ visible: true }).waitFor();
            assert.match(await page.locator(".pairs time").first().getAttribute("title"), / UTC$/);
            assert.equal(await page.locator("time:not([datetime])").count(), 0);
        } finally {
            await plain.close();
        }
    });
});

test("where nothing happened, the page says what will stand there", async () => {
    const appliance = await Appliance.start();
    const own = await browser.newContext();
    const page = await watched(own, { expected: [401] });
    try {
        await page.goto(`${appliance.origin}/console`);
        await signIn(page, appliance);
        await page.getByRole("heading", { name: "Overview" }).waitFor();
        await look(page, "overview-quiet");
    } finally {
        await own.close();
        await appliance.stop();
    }
});
