// "Protect an MCP server", in the console: from the first link to a server that a client finds its way through, with a server that
// answers as one does that has no token.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Appliance, CACHE } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

const METADATA = "/.well-known/oauth-protected-resource/mcp";

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

/** An MCP server as far as somebody without a token gets. `says` is its metadata. */
class McpServer {
    static async listen() {
        const mcp = new McpServer();
        const read = (file) => readFileSync(join(CACHE, "tls", file));
        mcp.server = createServer({ cert: read("leaf.pem"), key: read("leaf.key") }, (request, response) => {
            if (request.url === METADATA && mcp.says) {
                response.writeHead(200, { "content-type": "application/json" });
                return void response.end(JSON.stringify(mcp.says));
            }
            if (request.url !== "/mcp") return void response.writeHead(404).end();
            const challenge = `Bearer resource_metadata="${mcp.origin}${METADATA}"`;
            response.writeHead(401, { "www-authenticate": challenge }).end();
        });
        await new Promise((listening) => mcp.server.listen(0, "127.0.0.1", listening));
        mcp.origin = `https://localhost:${mcp.server.address().port}`;
        mcp.url = `${mcp.origin}/mcp`;
        return mcp;
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

for (const javaScriptEnabled of [true, false]) {
    describe(`resources and scopes, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, mcp, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `console-${name}`) : undefined);
        const room = async (name) =>
            await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name }).click();
        before(async () => {
            appliance = await Appliance.start();
            mcp = await McpServer.listen();
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [400, 401, 403, 404, 409, 422] });
        });
        after(async () => {
            await own?.close();
            mcp?.close();
            await appliance?.stop();
        });

        test("the overview leads to it", async () => {
            await page.goto(`${appliance.origin}/console`);
            await signIn(page, appliance);
            await page.getByRole("heading", { name: "Where to begin" }).waitFor();
            await rememberCookies(appliance, own);
            await seen("begin");
            await room("Resources");
            await page.getByText("Nothing is protected yet").waitFor();
            await seen("resources-empty");
            await room("Overview");
            await page.getByRole("link", { name: "Protect an MCP server" }).click();
            await page.getByRole("button", { name: "Protect server" }).waitFor();
            await seen("resource-new");
        });

        test("a server is protected", async () => {
            await page.getByLabel("Its address", { exact: true }).fill(mcp.url);
            await page.getByLabel("Name", { exact: true }).fill("Tickets");
            await page.locator("input[name=scope][value='mcp:read']").check();
            await page.getByLabel("Scope 1", { exact: true }).fill("tickets:close");
            await page.getByLabel("Risk of scope 1").selectOption("high");
            await page.getByText("More: defaults").click();
            await page.getByLabel("They live", { exact: true }).fill("soon");
            await page.getByRole("button", { name: "Protect server" }).click();
            await page.getByText("Say in one line what will happen").waitFor();
            await page.getByText("say it like 10m or 1h").waitFor();
            assert.equal(await page.getByLabel("Its address", { exact: true }).inputValue(), mcp.url);
            assert.equal(await page.getByLabel("Risk of scope 1").inputValue(), "high");
            await seen("resource-refused");
            await page.getByLabel("What will happen with scope 1").fill("Close tickets for good");
            await page.getByLabel("They live", { exact: true }).fill("15m");
            await page.getByRole("button", { name: "Protect server" }).click();
            await page.getByText("It is registered").waitFor();
            await page.getByText("Close tickets for good").waitFor();
            assert.equal(await page.locator("#issuer").innerText(), appliance.origin);
            assert.equal(await page.locator("#audience").innerText(), mcp.url);
            assertGuarded(await page.goto(page.url()));
            await page.getByText("Claude Code", { exact: true }).click();
            await page.getByText("claude mcp add --transport http tickets").waitFor();
            await page.getByText("Python (MCP SDK)").click();
            await seen("resource");
        });

        test("it is looked at through a client's eyes until the way is clear", async () => {
            await page.getByRole("button", { name: "Look through a client’s eyes" }).click();
            await page.getByRole("heading", { name: "A client stops at “Its metadata is there”" }).waitFor();
            await seen("check-none");
            mcp.says = { resource: mcp.url, authorization_servers: [`${appliance.origin}/`], scopes_supported: ["wiki:read"] };
            await page.getByRole("button", { name: "Look again" }).click();
            await page.getByText("It writes a slash behind the issuer").waitFor();
            await seen("check-wrong");
            mcp.says = { resource: mcp.url, authorization_servers: [appliance.origin], scopes_supported: ["mcp:read"] };
            await page.getByRole("button", { name: "Look again" }).click();
            await page.getByRole("heading", { name: "A client finds its way here" }).waitFor();
            await seen("check-right");
            await page.getByRole("link", { name: "Back to Tickets" }).click();
        });

        test("a machine gets a token for it, and is seen there", async () => {
            const made = appliance.writ([
                "machine", "add", "--name", "nightly-import", "--owner", appliance.email, "--purpose", "Imports tickets",
                "--scope", "mcp:read", "--resource", mcp.url,
            ]);
            const id = made.machine?.id ?? made.client_id ?? made.id;
            const answer = await fetch(`${appliance.origin}/oauth/token`, {
                method: "POST",
                headers: { authorization: `Basic ${btoa(`${id}:${made.client_secret}`)}` },
                body: new URLSearchParams({ grant_type: "client_credentials", resource: mcp.url }),
            });
            const tokens = await answer.json();
            appliance.rememberTokens(tokens);
            assert.equal(answer.status, 200, JSON.stringify(tokens));
            assert.equal(tokens.expires_in, 900);
            await page.reload();
            await page.getByRole("link", { name: "nightly-import" }).waitFor();
        });

        test("it is changed", async () => {
            await page.getByRole("link", { name: "Change", exact: true }).click();
            await page.locator("input[name=scope][value='mcp:write']").check();
            await page.getByText("More: defaults").click();
            await page.getByLabel("Other ways to write its address").fill(mcp.origin);
            await seen("resource-change");
            await page.getByRole("button", { name: "Change resource" }).click();
            await page.getByText("The resource is changed").waitFor();
            await page.getByRole("cell", { name: "Create and change data" }).waitFor();
            await seen("resource-used");
            await room("Resources");
            await page.getByRole("link", { name: "Tickets" }).waitFor();
            await seen("resources");
        });

        test("a scope is added, read and removed", async () => {
            await room("Scopes");
            await page.getByRole("link", { name: "New scope" }).click();
            await page.getByLabel("Name", { exact: true }).fill("wiki edit");
            await page.getByLabel("What will happen").fill("Edit pages of the wiki");
            await page.getByLabel("Risk").selectOption("high");
            await page.getByRole("button", { name: "Add scope" }).click();
            await page.getByText("a name without spaces").waitFor();
            await seen("scope-refused");
            await page.getByLabel("Name", { exact: true }).fill("wiki:edit");
            await page.getByLabel("Has as well").fill("mcp:read");
            await page.getByRole("button", { name: "Add scope" }).click();
            await page.getByText("The scope is added").waitFor();
            await seen("scope-new");
            await page.getByText("Remove this scope…").click();
            await page.getByRole("button", { name: "Remove scope" }).click();
            await page.getByText("The scope is removed").waitFor();
            await page.getByLabel("Name or words").fill("close");
            await page.getByRole("button", { name: "Filter" }).click();
            await page.getByRole("link", { name: "tickets:close" }).click();
            await seen("scope");
            await page.getByText("Remove this scope…").click();
            await page.getByRole("button", { name: "Remove scope" }).click();
            await page.getByText("take it from there first").waitFor();
            await page.goto(`${appliance.origin}/console/scopes`);
            await seen("scopes");
            await page.goto(`${appliance.origin}/console/search?q=tick`);
            await page.getByRole("heading", { name: "Scopes" }).waitFor();
            await seen("search-resources");
        });

        test("it is removed by its name, once nobody names it", async () => {
            const remove = async () => {
                await page.getByRole("link", { name: "Tickets", exact: true }).click();
                await page.getByText("Remove this resource…").click();
                await page.getByLabel("Type its name").fill("Tickets");
            };
            await remove();
            await seen("resource-removing");
            await page.getByRole("button", { name: "Remove for good" }).click();
            await page.getByText("is used by the machine nightly-import").waitFor();
            appliance.writ(["machine", "retire", "nightly-import", "--because", "replaced"]);
            await page.goto(`${appliance.origin}/console/resources`);
            await remove();
            await page.getByRole("button", { name: "Remove for good" }).click();
            await page.getByText("The resource is removed").waitFor();
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
