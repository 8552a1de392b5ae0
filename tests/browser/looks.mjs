// How a page is looked at: at phone and desktop width, light and dark, with everything the browser complains about.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CACHE } from "../clients/appliance.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENS = join(CACHE, "screens");
const WIDTHS = [
    { width: 360, height: 740 },
    { width: 1440, height: 900 },
];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * A new page whose complaints are kept in `page.complaints`: console errors and warnings, uncaught errors, violations
 * of the Content-Security-Policy. A status of 400 or more that the test expects is named in `expected`.
 */
export async function watched(context, { expected = [] } = {}) {
    const page = await context.newPage();
    page.complaints = [];
    await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
            console.error(`CSP ${event.violatedDirective} blocked ${event.blockedURI}`);
        });
    });
    page.on("console", (message) => {
        if (!["error", "warning"].includes(message.type())) return;
        const text = message.text();
        if (expected.some((status) => text.includes(`status of ${status}`))) return;
        page.complaints.push(`console ${message.type()}: ${text}`);
    });
    page.on("pageerror", (error) => page.complaints.push(`uncaught: ${error.message}`));
    return page;
}

export function assertNoComplaints(page) {
    assert.deepEqual(page.complaints, []);
}

/** What is wrong with what `page` shows, as it is shown now. */
export async function faults(page, way, { axe = true } = {}) {
    const found = [];
    const { content, window } = await page.evaluate(() => ({
        content: document.documentElement.scrollWidth,
        window: document.documentElement.clientWidth,
    }));
    if (content > window) found.push(`${way}: scrolls sideways, ${content} px in ${window}`);
    if (!axe) return found;
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(
        (rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }),
        RULES,
    );
    for (const { id, help, nodes } of violations) {
        found.push(`${way}: ${id} (${help}): ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
    }
    return found;
}

/** Looks at what `page` shows in all four ways; `name` names the screenshots in .cache/screens. */
export async function look(page, name) {
    mkdirSync(SCREENS, { recursive: true });
    const found = [];
    for (const size of WIDTHS) {
        for (const colorScheme of ["light", "dark"]) {
            const way = `${name}-${size.width}-${colorScheme}`;
            await page.setViewportSize(size);
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await page.screenshot({ path: join(SCREENS, `${way}.png`), fullPage: true });
            found.push(...(await faults(page, way)));
        }
    }
    await page.setViewportSize(WIDTHS[1]);
    await page.emulateMedia({ colorScheme: "light" });
    assert.deepEqual(found, []);
    assertNoComplaints(page);
}

/** What every page must send; `answer` is what `page.goto` resolved with. */
export function assertGuarded(answer) {
    const headers = answer.headers();
    const policy = headers["content-security-policy"];
    assert.ok(policy, `${answer.url()} has no Content-Security-Policy`);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/);
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(headers["cache-control"] ?? "", /no-store/);
}
