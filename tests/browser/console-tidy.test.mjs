// Tidying up, in the invented organisation of the demo: scopes that are not used, applications that nobody uses, machines whose owner
// left, and the log of it all, exported and verified.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { launch } from "../clients/browser.mjs";
import { demo } from "./demo.mjs";
import { assertNoComplaints, look, watched } from "./looks.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

/** The cells of a CSV file, RFC 4180 §2. */
function cells(text) {
    const rows = [[]];
    for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
        rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
        if (end === "\r\n") rows.push([]);
        if (end === "") break;
    }
    assert.deepEqual(rows.pop(), [""], "the last line ends as the others do");
    return rows;
}

for (const javaScriptEnabled of [true, false]) {
    describe(`tidying up, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let writ, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `tidy-${name}`) : undefined);
        const at = (path) => `${writ.origin}${path}`;
        const machine = async (name) => {
            await page.goto(at(`/console/machines?q=${name}`));
            await page.getByRole("link", { name, exact: true }).click();
            await page.getByRole("heading", { name, level: 1 }).waitFor();
        };
        const saved = async (link) => {
            const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: link }).click()]);
            return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
        };
        before(async () => {
            writ = await demo();
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [409, 422] });
            page.setDefaultTimeout(15_000);
            await writ.signIn(page);
        });
        after(async () => {
            await own?.close();
            await writ?.stop();
        });

        test("scopes that nobody used for 90 days are taken away with one click", async () => {
            await page.getByRole("link", { name: /have scopes they do not use/ }).click();
            await page.getByRole("link", { name: "triage-agent", exact: true }).waitFor();
            await seen("machines-with-unused-scopes");
            await page.getByRole("link", { name: "triage-agent", exact: true }).click();
            await page.getByRole("heading", { name: "triage-agent", level: 1 }).waitFor();
            const access = page.getByRole("region", { name: "Access" });
            await access.getByText("unused", { exact: true }).waitFor();
            assert.equal(await access.getByText("tickets:write", { exact: true }).count(), 1);
            await seen("scopes-unused");
            await access.getByRole("button", { name: /^Take away/ }).click();
            await page.getByText("The unused scopes are taken away").waitFor();
            await access.getByText("tickets:read", { exact: true }).waitFor();
            assert.equal(await access.getByText("tickets:write", { exact: true }).count(), 0);
            assert.equal(await access.getByText("unused", { exact: true }).count(), 0);
            assert.equal(await access.getByRole("button", { name: /^Take away/ }).count(), 0);
            await page.getByRole("region", { name: "Activity" }).getByText("triage-agent was changed").first().waitFor();
            await seen("scopes-trimmed");
        });


        test("applications that nobody uses are removed together", async () => {
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Applications" }).click();
            await page.getByRole("link", { name: "Clean up unused" }).click();
            await page.getByRole("heading", { name: "Applications nobody uses" }).waitFor();
            const box = (name) => page.getByRole("checkbox", { name: `Choose ${name}` });
            await box("Hackathon board").check();
            await box("Spreadsheet plugin").check();
            await page.getByText("Remove the chosen…").click();
            if (javaScriptEnabled) await page.getByText("2 chosen").waitFor();
            await seen("stale-chosen");
            await page.getByLabel("Type “remove”").fill("no");
            await page.getByRole("button", { name: "Remove the chosen applications" }).click();
            // The choice stays, and the place for the word stands open.
            await page.getByRole("alert").getByText("Nothing was removed").waitFor();
            assert.ok(await box("Hackathon board").isChecked());
            assert.ok(!(await box("Agent playground").isChecked()));
            await seen("stale-not-meant");
            await page.getByLabel("Type “remove”").fill("remove");
            await page.getByRole("button", { name: "Remove the chosen applications" }).click();
            await page.getByText("The chosen applications are removed").waitFor();
            assert.equal(await page.getByRole("link", { name: "Hackathon board" }).count(), 0);
            await page.getByRole("link", { name: "Agent playground" }).waitFor();
            await seen("stale-removed");
            await box("Agent playground").check();
            await page.getByText("Remove the chosen…").click();
            await page.getByLabel("Type “remove”").fill("remove");
            await page.getByRole("button", { name: "Remove the chosen applications" }).click();
            await page.getByText("Everything is in use").waitFor();
            await seen("stale-none");
        });

        test("one machine is handed over, and then all that somebody answers for", async () => {
            await machine("archive-worker");
            await seen("machine-without-owner");
            await page.getByLabel("Hand it over to").fill("nobody@demo.example");
            await page.getByRole("button", { name: "Hand over", exact: true }).click();
            await page.getByRole("alert").getByText("Nothing was handed over").waitFor();
            await seen("handover-refused");
            await page.getByLabel("Hand it over to").fill("goran@demo.example");
            await page.getByRole("button", { name: "Hand over", exact: true }).click();
            await page.getByText("Somebody else answers for it now").waitFor();
            await page.getByRole("link", { name: "Goran Petrov" }).first().waitFor();
            await seen("handed-over");

            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "People" }).click();
            await page.getByRole("link", { name: "Goran Petrov" }).click();
            const theirs = page.getByRole("region", { name: "Machines they answer for" });
            const before = await theirs.getByRole("heading", { level: 3 }).allInnerTexts();
            assert.ok(before.length > 2, `${before}`);
            await theirs.getByText("Hand all of them over…").click();
            await seen("handover-all");
            await theirs.getByLabel("E-mail address of the new owner").fill("hana@demo.example");
            await theirs.getByRole("button", { name: "Hand machines over" }).click();
            await page.getByText("Somebody else answers for their machines now").waitFor();
            // What is retired stays in its last owner's name, and there is nothing left to hand over.
            assert.deepEqual(await theirs.getByRole("heading", { level: 3 }).allInnerTexts(), ["old-importer retired"]);
            assert.equal(await theirs.getByText("Hand all of them over…").count(), 0);
            await seen("handover-all-done");
            await page.goto(at("/console/search?q=hana"));
            await page.getByRole("link", { name: "Hana Sato" }).first().click();
            await theirs.getByRole("link", { name: "archive-worker" }).waitFor();
            await seen("new-owner");
        });

        test("what was done is found, exported in both forms, and the chain is whole", async () => {
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Audit" }).click();
            await page.getByLabel("Event").selectOption("machine.handed_over");
            await page.getByRole("button", { name: "Filter" }).click();
            await page.getByText("archive-worker").first().waitFor();
            await seen("audit-filtered");
            const shown = await page.locator("tbody tr").count();
            const lines = await saved("Export as JSON Lines");
            assert.equal(lines.name, "audit.jsonl");
            const entries = lines.text.trimEnd().split("\n").map((line) => JSON.parse(line));
            assert.equal(entries.length, shown);
            assert.ok(entries.every((entry) => entry.event === "machine.handed_over"), "the filter holds in the file");
            const table = await saved("Export as CSV");
            assert.equal(table.name, "audit.csv");
            const [head, ...rows] = cells(table.text);
            assert.deepEqual(head.slice(0, 3), ["sequence", "at", "event"]);
            assert.deepEqual(rows.map((row) => Number(row[0])), entries.map((entry) => entry.sequence));
            assert.ok(rows.every((row) => row.length === head.length && row[2] === "machine.handed_over"));

            await page.getByRole("link", { name: "Show all" }).click();
            const all = await saved("Export as JSON Lines");
            assert.ok(all.text.split("\n").length > 1_000);
            await page.getByRole("button", { name: "Verify the chain" }).click();
            await page.getByText("The chain is whole").waitFor();
            // What is gone is still called by its name.
            await page.getByRole("link", { name: "Hackathon board was removed" }).waitFor();
            await seen("audit-verified");
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
