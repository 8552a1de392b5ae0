// The official MCP conformance package's `authorization` command: both of its scenarios must pass.
//
// What it does, read in its source (0.2.0-alpha.12):
//  authorization-server-metadata-endpoint
//    GETs `<origin>/.well-known/oauth-authorization-server<path>`, `/.well-known/openid-configuration<path>` and
//    `<path>/.well-known/openid-configuration` and takes the first 200. The media type must contain application/json;
//    `issuer` must equal --url as a string (so no trailing slash on either), `authorization_endpoint` and
//    `token_endpoint` be non-empty strings, `response_types_supported` hold `code`,
//    `code_challenge_methods_supported` hold `S256`. Without `client_id_metadata_document_supported: true` it warns.
//  authorization-code-grant (skipped, which is not a pass, without --client-id)
//    Listens on 127.0.0.1:<port>, prints the authorization URL (response_type, client_id, state, redirect_uri
//    http://127.0.0.1:<port>/callback, code_challenge S256 and resource; no scope, no nonce) and waits five minutes.
//    The answer must hold exactly one `state`, one non-empty `code`, no `error`, and at most one `iss`, equal to the
//    metadata's issuer. It prefers the method `none` when the metadata lists it, even when it was given a secret.
//    The token answer must be exactly 200, with application/json, `Cache-Control` holding no-store, and the strings
//    `access_token` and `token_type`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Appliance, CACHE, freePort } from "./appliance.mjs";
import { decide, launch } from "./browser.mjs";

const COMMAND = join(CACHE, "npm/node_modules/@modelcontextprotocol/conformance/dist/index.js");

let appliance, browser;
before(async () => {
    appliance = await Appliance.start();
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await appliance?.stop();
});

/** Runs the command, answers the authorization URL it prints as a person would, and resolves with its checks. */
async function conformance(words) {
    const port = await freePort();
    const results = join(appliance.directory, `conformance-${port}`);
    const redirect = `http://127.0.0.1:${port}/callback`;
    const client = words.client(redirect);
    const options = ["--url", appliance.origin, "--port", String(port), "--client-id", client.client_id];
    if (words.resource) options.push("--resource", words.resource);
    if (client.client_secret) options.push("--client-secret", client.client_secret);
    const run = spawn(process.execPath, [COMMAND, "authorization", ...options, "--output-dir", results], {
        cwd: appliance.directory,
    });
    let said = "";
    let person;
    const listen = (chunk) => {
        said += chunk;
        const link = said.match(/^(http:\/\/\S+response_type=code\S*)\s/m);
        if (link && !person) person = decide(browser, appliance, link[1]);
    };
    run.stdout.setEncoding("utf8").on("data", listen);
    run.stderr.setEncoding("utf8").on("data", listen);
    const timer = setTimeout(() => run.kill(), 120_000);
    const code = await new Promise((exited) => run.once("exit", exited));
    clearTimeout(timer);
    await person;
    assert.equal(code, 0, said);
    const checks = {};
    for (const name of readdirSync(results, { recursive: true })) {
        if (!name.endsWith("checks.json")) continue;
        for (const check of JSON.parse(readFileSync(join(results, name), "utf8"))) checks[check.id] = check;
    }
    rmSync(results, { recursive: true });
    const address = checks["authorization-code-grant"]?.details?.authorizationResponseUrl;
    if (address) appliance.remember({ code: new URL(address).searchParams.get("code") });
    return { checks, said };
}

const EXPECTED = [
    "authorization-code-grant",
    "authorization-server-metadata",
    "authorization-server-metadata-cimd",
];

test("a public client with a resource", async () => {
    const resource = "https://mcp.example/tools";
    appliance.resource(resource, "Tools", ["mcp:read"]);
    const { checks, said } = await conformance({
        resource,
        client: (redirect) => appliance.client("Conformance", { "redirect-uri": redirect, resource, scope: "mcp:read" }),
    });
    assert.deepEqual(Object.keys(checks).sort(), EXPECTED, said);
    for (const check of Object.values(checks)) assert.equal(check.status, "SUCCESS", `${check.id}: ${check.errorMessage}`);
});

test("a public client without a resource, at the default one", async () => {
    const resource = "https://default.example/mcp";
    appliance.writ(["resource", "add", resource, "--name", "Default", "--scope", "mcp:read", "--default"]);
    const { checks, said } = await conformance({
        client: (redirect) => appliance.client("Conformance", { "redirect-uri": redirect }),
    });
    assert.deepEqual(Object.keys(checks).sort(), EXPECTED, said);
    for (const check of Object.values(checks)) assert.equal(check.status, "SUCCESS", `${check.id}: ${check.errorMessage}`);
});
