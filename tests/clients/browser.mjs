// A person with a real Chromium.

import { chromium } from "playwright-core";

export async function launch() {
    return await chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    });
}

/** Gives the address on the sign-in page that `page` shows, after a wrong password too; the next one asks for the password. */
export async function giveAddress(page, email) {
    const address = page.getByLabel("Email");
    if (!(await address.isEditable())) {
        await page.getByRole("link", { name: "Use another address" }).click();
        await page.getByRole("button", { name: "Continue" }).waitFor();
    }
    await address.fill(email);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("Password", { exact: true }).waitFor();
}

/** Fills the sign-in pages, of which `page` shows the first. */
export async function signIn(page, { email, password }) {
    await giveAddress(page, email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export async function rememberCookies(appliance, context) {
    for (const { name, value } of await context.cookies()) appliance.remember({ [`cookie ${name}`]: value });
}

/** Risky permissions are not ticked beforehand; this person gives everything that is asked for. */
export async function tickEverything(page) {
    for (const box of await page.locator("input[type=checkbox][name=scope]").all()) await box.check();
}

/**
 * What a person does with an authorization link: open it, sign in, read, press Allow (or Deny). With a browser
 * `context` kept from before the person is signed in already. `before` is done before the button is pressed, instead
 * of ticking everything.
 */
export async function decide(browser, appliance, url, { decision = "Allow", context, before } = {}) {
    const own = context ?? (await browser.newContext({ ignoreHTTPSErrors: true }));
    const page = await own.newPage();
    const answer = await page.goto(String(url));
    if (!answer.ok()) {
        throw new Error(`the authorization endpoint answered ${answer.status()}: ${await page.innerText("body")}`);
    }
    if (!context) await signIn(page, appliance);
    const button = page.getByRole("button", { name: new RegExp(`^${decision}`) });
    await button.waitFor();
    if (before) await before(page);
    else await tickEverything(page);
    await button.click();
    await page.waitForURL((url) => url.origin !== appliance.origin);
    await rememberCookies(appliance, own);
    await page.close();
    if (!context) await own.close();
}
