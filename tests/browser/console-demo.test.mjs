// Every page of the console, full: the invented organisation of `writ serve --demo`.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "../clients/browser.mjs";
import { demo } from "./demo.mjs";
import { look, watched } from "./looks.mjs";

const PAGES = [
    ["overview", "/console"],
    ["machines", "/console/machines"],
    ["machines-suspended", "/console/machines?state=suspended"],
    ["applications", "/console/applications"],
    ["applications-stale", "/console/applications/stale"],
    ["grants", "/console/grants"],
    ["delegations", "/console/delegations"],
    ["keys", "/console/keys"],
    ["audit", "/console/audit"],
    ["refusals", "/console/refusals"],
    ["search", "/console/search?q=agent"],
    ["account", "/account"],
];

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

describe("the console of the demo", () => {
    let writ, own, page;
    before(async () => {
        writ = await demo();
        own = await browser.newContext();
        page = await watched(own, { expected: [400, 404] });
        await writ.signIn(page);
    });
    after(async () => {
        await own?.close();
        await writ?.stop();
    });

    for (const [name, path] of PAGES) {
        test(`${name} is full`, async () => {
            const answer = await page.goto(`${writ.origin}${path}`);
            assert.equal(answer.status(), 200);
            await page.getByText("are invented").waitFor();
            await look(page, `demo-${name}`);
        });
    }

    for (const [name, list, link] of [
        ["machine", "/console/machines?q=support", "support-agent"],
        ["machine-turning", "/console/machines?q=billing", "billing-sync"],
        ["application", "/console/applications", "Meeting notes"],
        ["application-verified", "/console/applications", "Cursor"],
        ["resource", "/console/resources", "Tickets"],
    ]) {
        test(`${name} is full`, async () => {
            await page.goto(`${writ.origin}${list}`);
            const found = page.getByRole("link", { name: link, exact: true });
            if ((await found.count()) === 0) await page.goto(`${writ.origin}/console/search?q=${link}`);
            await page.getByRole("link", { name: link, exact: true }).first().click();
            await page.getByRole("heading", { name: link, level: 1 }).waitFor();
            await look(page, `demo-${name}`);
        });
    }

    test("the tools of a server are full, and one waits for a decision", async () => {
        await page.goto(`${writ.origin}/console/resources`);
        await page.getByRole("link", { name: "Tickets", exact: true }).first().click();
        await page.getByRole("heading", { name: "Tickets", level: 1 }).waitFor();
        await page.goto(`${page.url().split("?")[0]}/tools`);
        await page.getByText("merge_tickets").first().waitFor();
        await look(page, "demo-tools");
    });

    test("an error leads to its story", async () => {
        const wrong = new URLSearchParams({ grant_type: "client_credentials", client_id: "cli_nobody" });
        const answer = await fetch(`${writ.origin}/oauth/token`, { method: "POST", body: wrong });
        const { error_id } = await answer.json();
        await page.goto(`${writ.origin}/console`);
        await page.getByRole("searchbox").fill(error_id);
        await page.getByRole("searchbox").press("Enter");
        await page.getByText("It was refused here").waitFor();
        await look(page, "demo-refusal");
        await page.goto(`${writ.origin}/console/refusals`);
        await page.getByRole("link", { name: "This identity may not call from this address" }).click();
        await page.getByText("Whose turn it is").waitFor();
        await look(page, "demo-refusal-machine");
        await page.goto(`${writ.origin}/console/refusals/req_00000000000000000000000000`);
        await look(page, "demo-refusal-forgotten");
    });

    test("the page that says no leads an administrator on", async () => {
        await page.goto(`${writ.origin}/oauth/authorize?client_id=cli_00000000000000000000000000`);
        await look(page, "demo-error");
        await page.getByRole("link", { name: "open the story of this error" }).click();
        await page.getByText("The application is not known here").waitFor();
    });
});
