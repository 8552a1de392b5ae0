// People, roles, delegations and settings in the console; each page on the way is looked at.

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
    describe(`people in the console, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, own, page, password;
        const at = (path) => `${appliance.origin}${path}`;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `console-${name}`) : undefined);
        before(async () => {
            appliance = await Appliance.start();
            appliance.resource(API, "Tickets", ["mcp:read", "mcp:write"]);
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [400, 401, 403, 404, 409, 422] });
            await page.goto(at("/account"));
            await signIn(page, appliance);
            await page.getByRole("heading", { name: "Administration" }).waitFor();
            await rememberCookies(appliance, own);
        });
        after(async () => {
            await own?.close();
            await appliance?.stop();
        });

        test("the account leads to the console, and the console to its people", async () => {
            await seen("account-administrator");
            await page.getByRole("link", { name: "Open the console" }).click();
            await page.getByRole("link", { name: "People", exact: true }).click();
            await page.getByRole("heading", { name: "People" }).waitFor();
            assertGuarded(await page.goto(at("/console/people")));
            await seen("people-one");
        });

        test("somebody is added, and their password is shown once", async () => {
            await page.getByRole("link", { name: "Add person" }).click();
            await seen("person-new");
            await page.getByLabel("Name", { exact: true }).fill("Grace Hopper");
            await page.getByLabel("E-mail address").fill("grace@people.example");
            await page.getByLabel("First password").fill("too short");
            await page.getByRole("button", { name: "Add person" }).click();
            await page.getByText("Use at least 10 characters").waitFor();
            await seen("person-refused");
            assert.equal(await page.getByLabel("First password").inputValue(), "");
            await page.getByRole("button", { name: "Add person" }).click();
            await page.getByText("shown this once").waitFor();
            password = await page.locator("#secret").innerText();
            appliance.remember({ "random password": password });
            await seen("password");
            await page.getByRole("link", { name: "Done" }).click();
            await page.getByRole("heading", { name: "Grace Hopper" }).waitFor();
            await seen("person-fresh");
        });

        test("they sign in with it", async () => {
            const theirs = await browser.newContext({ javaScriptEnabled });
            const other = await theirs.newPage();
            await other.goto(at("/sign-in"));
            await signIn(other, { email: "grace@people.example", password });
            await other.getByRole("heading", { name: "Grace Hopper" }).waitFor();
            await rememberCookies(appliance, theirs);
            assert.equal(await other.getByRole("link", { name: "Console" }).count(), 0);
            await theirs.close();
        });

        test("a tenant and a role are made, and given to them", async () => {
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Roles" }).click();
            await page.getByText("This tenant has no roles yet").waitFor();
            await page.getByText("New tenant…").click();
            await seen("roles-empty");
            await page.getByLabel("Name", { exact: true }).fill("acme");
            await page.getByLabel("Title", { exact: true }).fill("Acme Inc.");
            await page.getByRole("button", { name: "Create tenant" }).click();
            await page.getByText("The tenant is made").waitFor();
            await page.getByRole("link", { name: "New role" }).click();
            await page.getByLabel("Name", { exact: true }).fill("reader");
            await page.getByLabel("What it is for").fill("Reads tickets and what people say about them");
            await page.getByLabel("Permissions").fill("tickets.read\ncomments.read\nnot good!");
            await page.getByRole("button", { name: "Create role" }).click();
            await page.getByText("not", { exact: false }).first().waitFor();
            await seen("role-refused");
            await page.getByLabel("Permissions").fill("tickets.read\ncomments.read");
            await page.getByRole("button", { name: "Create role" }).click();
            await page.getByText("The role is made").waitFor();
            await page.goto(at("/console/search?q=hopper"));
            await page.getByRole("link", { name: "Grace Hopper" }).click();
            await page.getByRole("combobox", { name: "Role" }).selectOption("acme/reader");
            await page.getByRole("button", { name: "Give role" }).click();
            await page.getByText("Their roles are changed").waitFor();
            await page.getByRole("link", { name: "acme/reader" }).click();
            await page.getByText("grace@people.example").waitFor();
            await seen("role");
            await page.goto(at("/console/roles?tenant=acme"));
            await seen("roles");
        });

        test("a machine acts for them", async () => {
            const made = appliance.writ(
                ["machine", "add", "--name", "triage", "--owner", "grace@people.example", "--no-secret"].concat(
                    ["--purpose", "Sorts what comes in", "--scope", "mcp:read", "--scope", "mcp:write"],
                ),
            );
            await page.goto(at(`/console/machines/${made.machine_id ?? made.client_id}`));
            await page.getByRole("link", { name: "Let it act for somebody" }).click();
            await page.getByLabel("For whom").fill("nobody@people.example");
            await page.getByLabel("What it is for").fill("Answers tickets while she is away");
            await page.getByRole("button", { name: "Grant delegation" }).click();
            await page.getByText("There is nobody with this address").waitFor();
            await seen("delegation-refused");
            await page.getByLabel("For whom").fill("grace@people.example");
            await page.locator("input[name=scope][value='mcp:read']").check();
            await page.getByRole("button", { name: "Grant delegation" }).click();
            await page.getByText("It may act for them from now on").waitFor();
            await page.getByText("Revoke acting for").first().click();
            await seen("machine-acting");
        });

        test("their page tells everything, and they are stopped and let go on", async () => {
            await page.goto(at("/console/people?q=grace"));
            await seen("people-found");
            await page.getByRole("link", { name: "Grace Hopper" }).click();
            await seen("person");
            await page.getByText("Stop now…").click();
            await page.getByText("1 machine that they answer for is stopped with them").waitFor();
            await page.getByLabel("Why").first().fill("left the company");
            await seen("person-stopping");
            await page.getByRole("button", { name: "Stop this person" }).click();
            await page.getByText("Stopped. They sign in nowhere").waitFor();
            await seen("person-stopped");
            await page.getByRole("button", { name: "Let them go on" }).click();
            await page.getByText("They may go on").waitFor();
        });

        test("nobody stops themselves by accident", async () => {
            await page.goto(at(`/console/people/${appliance.person}`));
            await page.getByText("Stop now…").click();
            await page.getByText("This is your own account.").waitFor();
            await page.getByLabel("Why").first().fill("by mistake");
            await page.getByLabel("Type “stop myself”").fill("yes");
            await seen("person-yourself");
            await page.getByRole("button", { name: "Stop myself" }).click();
            await page.getByText("Nobody was stopped").waitFor();
        });

        test("the settings are told", async () => {
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Settings" }).click();
            await page.getByText("is changed here, while Writ runs").waitFor();
            await page.getByText("WRIT_OUTBOUND_ALLOW_LOOPBACK").waitFor();
            await seen("settings");
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
