// What an administrator does in the console; each page on the way is looked at.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

const API = "https://api.example/v1";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

for (const javaScriptEnabled of [true, false]) {
    describe(`the console, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        const way = javaScriptEnabled ? "console" : "console-plain";
        let appliance, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `${way}-${name}`) : undefined);
        before(async () => {
            appliance = await Appliance.start();
            appliance.resource(API, "Tickets", ["mcp:read", "mcp:write"]);
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [400, 401, 403, 404, 409, 422] });
        });
        after(async () => {
            await own?.close();
            await appliance?.stop();
        });

        test("a stranger signs in and comes to the console", async () => {
            await page.goto(`${appliance.origin}/console`);
            await signIn(page, appliance);
            await page.getByRole("heading", { name: "Overview" }).waitFor();
            await rememberCookies(appliance, own);
            assertGuarded(await page.goto(`${appliance.origin}/console`));
            await seen("overview-new");
            await page.goto(`${appliance.origin}/console/machines`);
            await seen("machines-empty");
        });

        test("a machine is made, and its first token is seen", async () => {
            await page.getByRole("link", { name: "New machine" }).click();
            await page.getByRole("button", { name: "Create machine" }).waitFor();
            await seen("machine-new");
            await page.getByLabel("Name", { exact: true }).fill("nightly-import");
            await page.getByLabel("What it is for").fill("Imports tickets at night");
            await page.getByRole("combobox", { name: "Kind" }).selectOption("ci");
            await page.locator("input[name=scope][value='mcp:read']").check();
            await page.locator("input[name=scope][value='mcp:write']").check();
            await page.locator("input[name=resource]").check();
            await page.getByText("More: life, networks, roles, tags").click();
            await page.getByLabel("Its access tokens live").fill("soon");
            await page.getByRole("button", { name: "Create machine" }).click();
            await page.getByText("say it like 10m or 1h").waitFor();
            await seen("machine-refused");
            assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "nightly-import");
            await page.getByLabel("Its access tokens live").fill("10m");
            await page.getByRole("button", { name: "Create machine" }).click();
            await page.getByText("shown this once").waitFor();
            const client_id = await page.locator("#client-id").innerText();
            const secret = await page.locator("#secret").innerText();
            appliance.remember({ "machine secret": secret });
            await seen("secret");

            const answer = await fetch(`${appliance.origin}/oauth/token`, {
                method: "POST",
                headers: { authorization: `Basic ${btoa(`${client_id}:${secret}`)}` },
                body: new URLSearchParams({ grant_type: "client_credentials", scope: "mcp:read", resource: API }),
            });
            const tokens = await answer.json();
            assert.equal(answer.status, 200, JSON.stringify(tokens));
            appliance.rememberTokens(tokens);
            assert.equal(tokens.expires_in, 600);

            await page.getByRole("link", { name: "Done" }).click();
            await page.getByText("1 token", { exact: true }).waitFor();
            await page.getByText("curl", { exact: true }).click();
            await page.locator("#snippet-curl", { hasText: "grant_type=client_credentials" }).waitFor();
            await seen("machine");
        });

        test("its secret is rotated with an overlap", async () => {
            await page.getByText("Rotate", { exact: false }).first().click();
            await page.getByLabel("The old one stays good for").selectOption("1d");
            await page.getByRole("button", { name: "Rotate secret" }).click();
            await page.getByText("stays good until").waitFor();
            appliance.remember({ "second secret": await page.locator("#secret").innerText() });
            await seen("rotated");
            await page.getByRole("link", { name: "Done" }).click();
            await page.getByText("being replaced").waitFor();
            await seen("machine-rotating");
        });

        test("it trusts the tokens of its platform", async () => {
            await page.getByRole("link", { name: "Add a credential" }).click();
            await page.getByRole("link", { name: "Token of its platform" }).click();
            await page.getByLabel("Rules").fill("repository_id=412\nrepository_owner_id=7");
            await seen("trust-new");
            await page.getByRole("button", { name: "Create credential" }).click();
            await page.getByText("The credential is made").waitFor();
            await page.getByText("Try a token").click();
            await page.getByLabel("Token", { exact: true }).fill("eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.");
            await page.getByRole("button", { name: "Try token" }).click();
            await page.getByText("would be refused").waitFor();
            await seen("trial");
            await page.getByRole("link", { name: "Back to" }).click();
        });

        test("it is stopped, and let go on", async () => {
            await page.getByText("Stop now…").click();
            await page.getByLabel("Why").first().fill("it calls at night");
            await seen("machine-stopping");
            await page.getByRole("button", { name: "Stop this machine" }).click();
            await page.getByText("Stopped. It gets no more tokens.").waitFor();
            await seen("machine-stopped");
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Machines" }).click();
            await page.getByRole("combobox", { name: "State" }).selectOption("suspended");
            await page.getByRole("button", { name: "Filter" }).click();
            await page.getByRole("link", { name: "nightly-import" }).waitFor();
            await seen("machines-suspended");
            await page.getByRole("link", { name: "nightly-import" }).click();
            await page.getByRole("button", { name: "Let it go on" }).click();
            await page.getByText("It may go on.").waitFor();
        });

        test("an application is registered", async () => {
            await page.goto(`${appliance.origin}/console/applications`);
            await seen("applications-empty");
            await page.getByRole("link", { name: "New application" }).click();
            await page.getByLabel("Name", { exact: true }).fill("Ticket board");
            await page.getByLabel("Where its answers go").fill("https://board.example/callback");
            await seen("application-new");
            await page.getByRole("button", { name: "Register application" }).click();
            await page.getByText("The application is registered").waitFor();
            await seen("application");
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Applications" }).click();
            await page.getByRole("link", { name: "Ticket board" }).waitFor();
            await seen("applications");
        });

        test("keys are turned", async () => {
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Keys" }).click();
            await page.getByText("Rotate keys…").click();
            await page.getByLabel("Which").selectOption("ES256");
            await page.getByRole("button", { name: "Rotate keys" }).click();
            await page.getByText("A new key is on its way").waitFor();
            await seen("keys");
        });

        test("the log is read and verified", async () => {
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Audit" }).click();
            await page.getByRole("button", { name: "Verify the chain" }).click();
            await page.getByText("The chain is whole").waitFor();
            await seen("audit");
            await page.getByRole("link", { name: "nightly-import was stopped" }).first().click();
            await page.getByRole("heading", { name: "Its place in the chain" }).waitFor();
            await seen("audit-entry");
            await page.goto(`${appliance.origin}/console/search?q=night`);
            await page.getByRole("link", { name: "nightly-import" }).waitFor();
            await seen("search");
            await page.goto(`${appliance.origin}/console`);
            await seen("overview");
        });

        test("the keyboard finds the search", { skip: !javaScriptEnabled }, async () => {
            await page.goto(`${appliance.origin}/console`);
            await page.keyboard.press("/");
            assert.equal(await page.evaluate(() => document.activeElement.id), "q");
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
