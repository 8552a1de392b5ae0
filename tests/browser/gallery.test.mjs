// Every state of every page, as the gallery has them: also those that no journey comes through.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT } from "../clients/appliance.mjs";
import { launch } from "../clients/browser.mjs";
import { faults, watched } from "./looks.mjs";

const KINDS = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
const WAYS = [
    { width: 360, height: 740, colorScheme: "dark" },
    { width: 1440, height: 900, colorScheme: "light" },
];

let directory, server, browser, origin;

function pages(folder = directory) {
    return readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        if (statSync(path).isDirectory()) return pages(path);
        return name.endsWith(".html") ? [relative(directory, path)] : [];
    });
}

before(async () => {
    directory = mkdtempSync(join(tmpdir(), "writ-gallery-"));
    const made = spawnSync("cargo", ["test", "--quiet", "--test", "it", "write_the_gallery", "--", "--ignored"], {
        cwd: ROOT,
        env: { ...process.env, WRIT_GALLERY: directory },
        encoding: "utf8",
    });
    assert.equal(made.status, 0, made.stderr);
    server = createServer((asked, answer) => {
        const path = normalize(decodeURIComponent(new URL(asked.url, "http://gallery").pathname));
        try {
            const bytes = readFileSync(join(directory, path));
            answer.writeHead(200, { "content-type": KINDS[extname(path)] ?? "application/octet-stream" }).end(bytes);
        } catch {
            answer.writeHead(404).end();
        }
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    origin = `http://127.0.0.1:${server.address().port}`;
    browser = await launch();
});

after(async () => {
    await browser?.close();
    server?.close();
    rmSync(directory, { recursive: true, force: true });
});

describe("the gallery", () => {
    it("has no state that scrolls sideways or that axe complains about", async () => {
        const all = pages();
        assert.ok(all.length > 300, `the gallery has lost its pages: ${all.length}`);
        const goThrough = async ({ width, height, colorScheme }, turn) => {
            const context = await browser.newContext({ reducedMotion: "reduce", colorScheme, viewport: { width, height } });
            // A page that leads on to somewhere else stays where it is.
            await context.route((url) => url.origin !== origin, (route) => route.abort("aborted"));
            // Nor does a form send itself, as an application's answer does.
            await context.addInitScript(() => (HTMLFormElement.prototype.submit = () => undefined));
            const page = await watched(context, { expected: [404] });
            const found = [];
            for (const [at, path] of all.entries()) {
                await page.goto(`${origin}/${path}`);
                // The states of a page take turns. Words in another language are as wide as they are, and mean the same to a screen reader.
                const axe = at % WAYS.length === turn && !path.includes(".de.");
                found.push(...(await faults(page, `${path} at ${width} ${colorScheme}`, { axe })));
            }
            // What samples have on purpose: an address of an application's own, and a day that is none.
            const meant = /Not allowed to launch|does not conform to the required format/;
            return [...found, ...page.complaints.filter((complaint) => !meant.test(complaint))];
        };
        assert.deepEqual((await Promise.all(WAYS.map(goThrough))).flat(), []);
    });
});
