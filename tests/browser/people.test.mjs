// The pages for people in German, the second factor, the switch between languages, and what only a browser can tell: frames and
// the policy around a logo.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Appliance, Callback } from "../clients/appliance.mjs";
import { launch, rememberCookies } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

const API = "https://api.example/v1";
const SCOPES = ["mcp:read", "mcp:tools", "mcp:write", "mcp:admin"];
const EXPECTED = [400, 403, 404, 409, 422, 429];

let browser;
before(async () => (browser = await launch()));
after(async () => await browser?.close());

/** What a telephone shows. RFC 6238. */
function shown(secret, at = Date.now()) {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = [...secret.replace(/\s/g, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
    const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
    const mac = createHmac("sha1", key).update(step).digest();
    const code = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
    return String(code % 1000000).padStart(6, "0");
}

for (const javaScriptEnabled of [true, false]) {
    describe(`in German, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
        let appliance, callback, own, page, client;
        const name = (what) => `people-de-${what}${javaScriptEnabled ? "" : "-plain"}`;
        // axe runs in the page.
        const see = async (what) => (javaScriptEnabled ? await look(page, name(what)) : undefined);
        before(async () => {
            appliance = await Appliance.start();
            callback = await Callback.listen();
            appliance.resource(API, "Ticketverwaltung", SCOPES);
            client = appliance.client("Schreibtischhelfer", { "redirect-uri": callback.uri, resource: API, scope: SCOPES });
            own = await browser.newContext({ locale: "de-DE", javaScriptEnabled, viewport: { width: 360, height: 740 } });
            page = await watched(own, { expected: EXPECTED });
        });
        after(async () => {
            await own?.close();
            callback?.close();
            await appliance?.stop();
        });

        test("a person signs in and decides", async () => {
            const flow = new Flow(appliance, client, callback.uri, { scope: ["openid", ...SCOPES].join(" "), resource: API });
            assertGuarded(await page.goto(flow.url.href));
            assert.equal(await page.getAttribute("html", "lang"), "de");
            await see("sign-in-address");
            await page.getByLabel("E-Mail-Adresse").fill(appliance.email);
            await page.getByRole("button", { name: "Weiter" }).click();
            await page.getByLabel("Passwort", { exact: true }).fill("falsches Passwort");
            await page.getByRole("button", { name: "Anmelden" }).click();
            await page.getByRole("alert").waitFor();
            await see("sign-in-wrong");
            await page.getByLabel("Passwort", { exact: true }).fill(appliance.password);
            await page.getByRole("button", { name: "Anmelden" }).click();
            await page.getByRole("button", { name: "Erlauben" }).waitFor();
            await rememberCookies(appliance, own);
            await see("consent");
            const words = await page.innerText("main");
            assert.match(words, /Schreibtischhelfer bittet um Ihre Erlaubnis/);
            assert.match(words, /Nachschlagen und Daten lesen/);
            assert.match(words, /diesen Computer/);
            await page.getByRole("button", { name: "Erlauben" }).click();
            await page.waitForURL((url) => url.origin !== appliance.origin);
            assert.ok(new URL(page.url()).searchParams.get("code"));
        });

        test("the switch changes the language and stays on the page", async () => {
            await page.goto(`${appliance.origin}/account`);
            await page.getByRole("heading", { name: "Verbundene Anwendungen" }).waitFor();
            await see("account");
            await page.getByRole("button", { name: "English" }).click();
            await page.getByRole("heading", { name: "Connected applications" }).waitFor();
            assert.equal(new URL(page.url()).pathname, "/account");
            await page.getByRole("button", { name: "Deutsch" }).click();
            await page.getByRole("heading", { name: "Verbundene Anwendungen" }).waitFor();
        });

        test("codes are set up, asked for, and turned off", async () => {
            await page.goto(`${appliance.origin}/account/codes`);
            const secret = await page.innerText("#secret");
            appliance.remember({ secret });
            await see("codes-add");
            await page.getByLabel("Code, den die App gerade zeigt").fill(shown(secret));
            await page.getByLabel("Bisheriges Passwort").fill(appliance.password);
            await page.getByRole("button", { name: "Einmalcodes einschalten" }).click();
            await page.getByRole("heading", { name: "Ihre Wiederherstellungscodes" }).waitFor();
            const codes = await page.locator(".codes code").allInnerTexts();
            assert.equal(codes.length, 10);
            appliance.remember(Object.fromEntries(codes.map((code, number) => [`recovery code ${number}`, code])));
            await see("codes-shown");

            await page.goto(`${appliance.origin}/account`);
            await page.getByRole("button", { name: "Abmelden" }).click();
            await page.goto(`${appliance.origin}/sign-in`);
            await page.getByLabel("E-Mail-Adresse").fill(appliance.email);
            await page.getByRole("button", { name: "Weiter" }).click();
            await page.getByLabel("Passwort", { exact: true }).fill(appliance.password);
            await page.getByRole("button", { name: "Anmelden" }).click();
            await page.getByRole("heading", { name: "Noch ein Schritt" }).waitFor();
            await see("code");
            // The step of the code above is spent; the paper is not.
            await page.getByText("Kommen Sie nicht an die App?").click();
            await page.getByLabel("Wiederherstellungscode").fill(codes[0]);
            await page.getByRole("button", { name: "Wiederherstellungscode nehmen" }).click();
            await page.getByRole("heading", { name: "Verbundene Anwendungen" }).waitFor();
            await rememberCookies(appliance, own);
            await page.goto(`${appliance.origin}/account/codes`);
            await see("codes-have");
            await page.getByText("Abschalten…").click();
            await page.locator("#end-password").fill(appliance.password);
            await page.getByRole("button", { name: "Einmalcodes abschalten" }).click();
            await page.getByText("Von nun an genügt Ihr Passwort").waitFor();
        });

        test("the password page and the activity", async () => {
            await page.goto(`${appliance.origin}/account/password`);
            await see("password");
            await page.goto(`${appliance.origin}/account/activity`);
            await page.getByText("Ein Wiederherstellungscode wurde benutzt; 9 sind übrig").waitFor();
            await see("activity");
        });

        test("an error is in German too", async () => {
            const flow = new Flow(appliance, client, "https://evil.example/callback", { scope: "mcp:read", resource: API });
            await page.goto(flow.url.href);
            await page.getByRole("heading", { name: "Die Antwort ginge an eine unbekannte Adresse" }).waitFor();
            await see("error");
            assertNoComplaints(page);
        });
    });
}

describe("what only a browser can tell", () => {
    let appliance, site;
    before(async () => {
        const folder = process.env.TMPDIR ?? "/tmp";
        const logo = join(folder, `writ-logo-${process.pid}.svg`);
        writeFileSync(
            logo,
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28" onload="document.title=1"><script>document.title="run"</script><circle cx="14" cy="14" r="14" fill="#264"/></svg>',
        );
        appliance = await Appliance.start({ environment: { WRIT_BRAND_LOGO: logo, WRIT_BRAND_NAME: "Nordwind" } });
        site = createServer((request, response) => {
            const path = new URL(request.url, "http://site").searchParams.get("path");
            response.setHeader("content-type", "text/html");
            response.end(`<!doctype html><title>evil</title><iframe src="${appliance.origin}${path}"></iframe>`);
        });
        await new Promise((done) => site.listen(0, "127.0.0.1", done));
    });
    after(async () => {
        site?.close();
        await appliance?.stop();
    });

    test("case_39_no page of ours shows in a frame", async () => {
        const page = await browser.newPage();
        for (const path of ["/sign-in", "/account", "/account/codes", "/oauth/authorize?client_id=x", "/"]) {
            await page.goto(`http://127.0.0.1:${site.address().port}/?path=${encodeURIComponent(path)}`);
            const frame = page.frames()[1];
            assert.ok(!(await frame.content()).includes("Writ") && !frame.url().startsWith(appliance.origin), path);
        }
        await page.close();
    });

    test("case_38_a script in the logo does not run, on the page or by itself", async () => {
        const page = await watched(await browser.newContext());
        await page.goto(`${appliance.origin}/sign-in`);
        const logo = await page.locator("img.brand-mark");
        assert.ok(await logo.evaluate((image) => image.complete && image.naturalWidth > 0), "it is shown");
        await look(page, "people-logo");
        assert.match(await page.title(), /Nordwind/);
        assertNoComplaints(page);
        const alone = await browser.newPage();
        await alone.goto(new URL(await logo.getAttribute("src"), appliance.origin).href);
        assert.notEqual(await alone.title(), "run");
        assert.equal(await alone.evaluate(() => document.title).catch(() => ""), "");
        await alone.close();
    });
});
