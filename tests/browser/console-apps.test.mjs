// Applications, tools and what there is to copy, in the console: decided about, asked of a server, and run as it was copied.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Appliance, CACHE } from "../clients/appliance.mjs";
import { launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { assertNoComplaints, look, watched } from "./looks.mjs";

const run = promisify(execFile);
const PYTHON = process.env.PYTHON ?? (existsSync(join(CACHE, "venv/bin/python")) ? join(CACHE, "venv/bin/python") : "python3");

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

/** An MCP server that names its tools to whoever has said hello. */
class McpServer {
    tools = [
        { name: "search", title: "Search tickets", description: "Finds tickets by the words in them.", annotations: { readOnlyHint: true } },
        { name: "close", title: "Close a ticket", description: "Closes a ticket for good.", annotations: { destructiveHint: true } },
        { name: "ping" },
    ];
    wantsToken = false;

    static async listen() {
        const mcp = new McpServer();
        const read = (file) => readFileSync(join(CACHE, "tls", file));
        mcp.server = createServer({ cert: read("leaf.pem"), key: read("leaf.key") }, async (request, response) => {
            let body = "";
            for await (const part of request) body += part;
            if (mcp.wantsToken) return void response.writeHead(401, { "www-authenticate": "Bearer" }).end();
            const { id, method } = JSON.parse(body);
            if (id === undefined) return void response.writeHead(202).end();
            const result = method === "initialize" ? { protocolVersion: "2025-06-18", capabilities: {} } : { tools: mcp.tools };
            response.writeHead(200, { "content-type": "text/event-stream", "mcp-session-id": "s1" });
            response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
        });
        await new Promise((listening) => mcp.server.listen(0, "127.0.0.1", listening));
        mcp.url = `https://localhost:${mcp.server.address().port}/mcp`;
        return mcp;
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

for (const javaScriptEnabled of [true, false]) {
    describe(`applications and tools, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, mcp, own, page;
        // Without scripts axe cannot run; what it would find is the same.
        const seen = async (name) => (javaScriptEnabled ? await look(page, `console-${name}`) : undefined);
        const register = async (client_name, redirect_uri) => {
            const answer = await fetch(`${appliance.origin}/oauth/register`, {
                method: "POST",
                headers: { "content-type": "application/json" },
                body: JSON.stringify({ client_name, redirect_uris: [redirect_uri], token_endpoint_auth_method: "none" }),
            });
            const registered = await answer.json();
            appliance.rememberTokens(registered);
            return registered;
        };
        const asks = ({ client_id, redirect_uris }) => {
            const query = new URLSearchParams({
                response_type: "code", client_id, redirect_uri: redirect_uris[0], scope: "mcp:read", resource: mcp.url,
                code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
            });
            return `${appliance.origin}/oauth/authorize?${query}`;
        };
        before(async () => {
            appliance = await Appliance.start({ environment: { WRIT_REGISTRATION_MODE: "approval" } });
            mcp = await McpServer.listen();
            appliance.resource(mcp.url, "Tickets", ["mcp:read", "mcp:write"]);
            own = await browser.newContext({ javaScriptEnabled });
            page = await watched(own, { expected: [400, 401, 403, 404, 409, 422] });
        });
        after(async () => {
            await own?.close();
            mcp?.close();
            await appliance?.stop();
        });

        test("one that waits is rejected, and whoever comes with it reads why", async () => {
            const notes = await register("Meeting notes", "https://notes.example/cb");
            await page.goto(`${appliance.origin}/console/applications?state=waiting`);
            await signIn(page, appliance);
            await page.getByRole("link", { name: "Meeting notes", exact: true }).waitFor();
            await rememberCookies(appliance, own);
            await seen("applications-waiting");
            await page.getByRole("link", { name: "Look at Meeting notes" }).click();
            await page.locator("summary", { hasText: "Reject" }).click();
            await seen("application-rejecting");
            await page.getByLabel("Why", { exact: true }).fill("We use the one that IT installs. Ask in #tools for it.");
            await page.getByRole("button", { name: "Reject application" }).click();
            await page.getByText("Rejected. Whoever wants to use it reads why").waitFor();
            await seen("application-rejected");
            await page.goto(asks(notes));
            await page.getByRole("heading", { name: "This application may not be used here" }).waitFor();
            await page.getByText("Ask in #tools for it").waitFor();
            if (javaScriptEnabled) await look(page, "error-rejected");
        });

        test("one that is checked says so on the consent page, until it changes", async () => {
            const board = await register("Ticket board", "https://board.example/cb");
            await page.goto(`${appliance.origin}/console/applications/${board.client_id}`);
            await page.getByRole("button", { name: "Approve application" }).click();
            await page.getByText("Approved: people can use it now").waitFor();
            await page.locator("summary", { hasText: "Verify" }).click();
            await seen("application-verifying");
            await page.getByRole("button", { name: "Verify application" }).click();
            await page.getByText("Verified: the consent page says").waitFor();
            await seen("application-verified");
            await page.goto(asks(board));
            await page.getByText("checked by an administrator of").waitFor();
            if (javaScriptEnabled) await look(page, "consent-checked");
            await fetch(`${appliance.origin}/oauth/register/${board.client_id}`, {
                method: "PUT",
                headers: { "content-type": "application/json", authorization: `Bearer ${board.registration_access_token}` },
                body: JSON.stringify({ client_id: board.client_id, client_name: "Payroll", redirect_uris: board.redirect_uris, token_endpoint_auth_method: "none" }),
            });
            await page.goto(asks(board));
            await page.getByRole("heading", { name: "Waiting for approval" }).waitFor();
            await page.goto(`${appliance.origin}/console/applications/${board.client_id}`);
            await page.getByText("waits for approval", { exact: true }).waitFor();
            assert.equal(await page.getByText("verified", { exact: true }).count(), 0);
            await page.goto(`${appliance.origin}/console/applications/stale`);
            await page.getByText("Everything is in use").waitFor();
            await seen("applications-stale-empty");
        });

        test("a server names its tools, and it is decided what each needs", async () => {
            await page.goto(`${appliance.origin}/console/resources`);
            await page.getByRole("link", { name: "Tickets", exact: true }).click();
            await page.getByRole("link", { name: "Tools and what they need" }).click();
            await seen("tools-empty");
            mcp.wantsToken = true;
            await page.getByRole("button", { name: "Ask the server" }).click();
            await page.getByText("The server tells its tools only to who has a token").waitFor();
            await seen("tools-wants-token");
            await page.getByLabel("Tools", { exact: true }).fill("two words");
            await page.getByRole("button", { name: "Write down tools" }).click();
            await page.getByText("is no name of a tool").waitFor();
            await seen("tools-refused");
            mcp.wantsToken = false;
            await page.getByRole("button", { name: "Ask the server" }).click();
            await page.getByText("The server named its tools").waitFor();
            await page.getByText("3 tools are not decided about").waitFor();
            await seen("tools");
            await page.getByLabel("What search needs").selectOption("mcp:read");
            await page.getByLabel("What close needs").selectOption("mcp:write");
            await page.getByLabel("What ping needs").selectOption({ label: "any token of this server" });
            await page.getByRole("button", { name: "Save what tools need" }).click();
            await page.getByText("It is decided").waitFor();
            await page.locator("summary", { hasText: "Python" }).click();
            const code = await page.locator("#snippet-tools-python").innerText();
            const { stdout } = await run(PYTHON, ["-c", `${code}\nprint(may_call("search", ["mcp:read"]), may_call("close", ["mcp:read"]), may_call("ping", []), may_call("drop", ["mcp:write"]))`]);
            assert.equal(stdout.trim(), "True False True False");
            await seen("tools-decided");
            await page.goBack();
        });

        test("what a machine copies runs as it is", async (t) => {
            await page.goto(`${appliance.origin}/console/machines/new`);
            await page.getByLabel("Name", { exact: true }).fill("nightly-import");
            await page.getByLabel("What it is for").fill("Imports tickets at night");
            await page.locator("input[name=scope][value='mcp:read']").check();
            await page.locator("input[name=resource]").check();
            await page.getByRole("button", { name: "Create machine" }).click();
            await page.getByText("shown this once").waitFor();
            const copied = async (id) => (await page.locator(`#snippet-${id}`).textContent()).trim();
            const env = { ...process.env };
            for (const line of (await copied("env")).split("\n")) env[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
            appliance.remember({ "machine secret": env.WRIT_CLIENT_SECRET });
            const good = (token) => {
                appliance.remember({ access_token: token });
                const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
                assert.deepEqual([claims.client_id, claims.aud, claims.scope], [env.WRIT_CLIENT_ID, mcp.url, "mcp:read"]);
            };
            const curl = await run("bash", ["-c", await copied("curl")], { env });
            good(JSON.parse(curl.stdout).access_token);
            const exported = await run("bash", ["-c", `${await copied("token")}\nprintf %s "$WRIT_TOKEN"`], { env });
            good(exported.stdout);
            const typescript = await run("node", ["--input-type=module", "-e", `${await copied("typescript")}\nconsole.log(token);`], { env });
            good(typescript.stdout.trim());
            const python = await run(PYTHON, ["-c", `${await copied("python")}\nprint(token)`], { env });
            good(python.stdout.trim());
            await page.locator("summary", { hasText: "Python" }).first().click();
            await page.locator("summary", { hasText: "Cursor" }).click();
            await seen("secret-snippets");
            await page.getByRole("link", { name: "Done" }).click();
            await page.locator("summary", { hasText: "TypeScript" }).click();
            await seen("machine-snippets");
        });

        test("an application has what to copy as well", async () => {
            await page.goto(`${appliance.origin}/console/applications/new`);
            await page.getByLabel("Name", { exact: true }).fill("Report builder");
            await page.getByLabel("Where its answers go").fill("https://reports.example/cb");
            await page.getByLabel("How it proves itself").selectOption("client_secret_basic");
            await page.getByRole("button", { name: "Register application" }).click();
            await page.getByText("shown this once").waitFor();
            appliance.remember({ "client secret": await page.locator("#secret").innerText() });
            await page.locator("summary", { hasText: "Claude Code" }).click();
            await page.getByText("First let the application’s answers go to http://localhost:8080/callback").waitFor();
            await seen("application-secret");
            await page.getByRole("link", { name: "Done" }).click();
            await page.locator("summary", { hasText: "Python" }).click();
            await seen("application-snippets");
            await page.goto(`${appliance.origin}/console/grants`);
            await page.getByText("Nothing was allowed").waitFor();
            await seen("grants-empty");
            await page.goto(`${appliance.origin}/console/delegations`);
            await seen("delegations-empty");
        });

        test("nothing complained", () => assertNoComplaints(page));
    });
}
