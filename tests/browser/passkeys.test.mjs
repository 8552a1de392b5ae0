// Passkeys in a real Chromium, with the authenticator that it brings along for tests: added, used, removed; demanded where a password is
// not enough; and what the pages say without a script. Attack case 55.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Appliance } from "../clients/appliance.mjs";
import { giveAddress, launch, rememberCookies, signIn } from "../clients/browser.mjs";
import { Flow } from "./flow.mjs";
import { assertGuarded, assertNoComplaints, look, watched } from "./looks.mjs";

/**
 * A device with a fingerprint reader, in the browser of `page`. Its finger is always there, so it would take the browser's first suggestion as
 * soon as a page offers one; unless that is what is looked at, the pages are told that this browser suggests nothing.
 */
async function device(page, { isUserVerified = true, suggests = false } = {}) {
    if (!suggests) {
        await page.addInitScript(() => {
            window.PublicKeyCredential.isConditionalMediationAvailable = async () => false;
        });
    }
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const options = {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified,
        automaticPresenceSimulation: true,
    };
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
    return {
        credentials: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
        put: async (credential) => await cdp.send("WebAuthn.addCredential", { authenticatorId, credential }),
        clear: async () => await cdp.send("WebAuthn.clearCredentials", { authenticatorId }),
        verified: async (isUserVerified) =>
            await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    };
}

let browser;
before(async () => {
    browser = await launch();
});
after(async () => await browser?.close());

describe("a passkey of one's own", () => {
    let appliance, own, page, authenticator, credential;
    const at = (path) => appliance.origin + path;
    const heading = (name) => page.getByRole("heading", { name, exact: true }).waitFor();

    before(async () => {
        appliance = await Appliance.start({ host: "localhost" });
        own = await browser.newContext();
        page = await watched(own, { expected: [422, 403, 409] });
        authenticator = await device(page);
    });
    after(async () => {
        await own?.close();
        await appliance?.stop();
    });

    test("is added on the account page, right after signing in", async () => {
        assertGuarded(await page.goto(at("/sign-in")));
        await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
        await look(page, "passkey-sign-in");
        await giveAddress(page, appliance.email);
        await look(page, "passkey-sign-in-password");
        await page.getByLabel("Password", { exact: true }).fill(appliance.password);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await heading("Connected applications");
        await rememberCookies(appliance, own);
        await look(page, "passkey-account");
        await page.getByRole("link", { name: "Passkeys and adding one" }).click();
        await page.getByText("You have no passkey yet").waitFor();
        await look(page, "passkeys-none");
        await page.getByLabel("What to call it").fill("Work laptop");
        await page.getByRole("button", { name: "Add passkey" }).click();
        await page.getByText("From now on you can sign in with it").waitFor();
        await look(page, "passkeys-one");
        [credential] = await authenticator.credentials();
        assert.equal(credential.rpId, "localhost");
        assert.equal(credential.isResidentCredential, true);
        appliance.remember({ "private key of the passkey": credential.privateKey });
    });

    test("is not added twice to one device", async () => {
        await page.getByRole("button", { name: "Add passkey" }).click();
        await page.getByText("This device has a passkey for you here already").waitFor();
        await look(page, "passkeys-known");
    });

    test("signs in alone, on the way of an application", async () => {
        await own.clearCookies();
        const callback = "http://127.0.0.1:1/callback";
        const api = "https://api.example/tickets";
        appliance.resource(api, "Tickets", ["mcp:read"]);
        const client = appliance.client("Desk helper", { "redirect-uri": callback, resource: api, scope: ["mcp:read"] });
        const flow = new Flow(appliance, client, callback, { scope: "mcp:read", resource: api });
        await page.goto(flow.url.href);
        await page.getByText("to continue to Desk helper").waitFor();
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await page.getByRole("button", { name: "Allow" }).waitFor();
        await rememberCookies(appliance, own);
        assert.match(await page.innerText("main"), new RegExp(appliance.email));
    });

    test("is suggested by the browser beside the address, and that is enough", async () => {
        const theirs = await browser.newContext();
        const other = await watched(theirs);
        const suggesting = await device(other, { suggests: true });
        // A passkey that is kept in two places counts as one.
        const [now] = await authenticator.credentials();
        await suggesting.put({ ...now, signCount: 50 });
        await other.goto(at("/sign-in"));
        await other.getByRole("heading", { name: "Connected applications", exact: true }).waitFor();
        await rememberCookies(appliance, theirs);
        assertNoComplaints(other);
        await theirs.close();
        await authenticator.clear();
        await authenticator.put({ ...now, signCount: 60 });
    });

    test("of nobody who was verified is refused by the device or by us", async () => {
        await own.clearCookies();
        await authenticator.verified(false);
        await page.goto(at("/sign-in"));
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await page.getByRole("alert").waitFor();
        await look(page, "passkey-refused");
        await page.goto(at("/account"));
        await page.getByRole("button", { name: "Continue" }).waitFor();
        await authenticator.verified(true);
    });

    test("case 55: a copy of it is found out by its counter", async () => {
        await page.goto(at("/sign-in"));
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await heading("Connected applications");
        await rememberCookies(appliance, own);
        await own.clearCookies();
        // As it was when it was added.
        await authenticator.clear();
        await authenticator.put({ ...credential, signCount: 0 });
        await page.goto(at("/sign-in"));
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await page.getByText("That passkey was not accepted").waitFor();
        await look(page, "passkey-not-accepted");
    });

    test("is seen by an administrator, and removed by its owner with the password", async () => {
        await page.goto(at("/sign-in"));
        await signIn(page, appliance);
        await heading("Connected applications");
        await rememberCookies(appliance, own);
        await page.goto(at(`/console/people/${appliance.person}`));
        await page.getByRole("heading", { name: "How they sign in" }).waitFor();
        await look(page, "console-person-passkey");
        await page.goto(at("/account/passkeys"));
        await page.getByText("Remove Work laptop").click();
        await look(page, "passkeys-remove");
        await page.getByRole("button", { name: "Remove passkey" }).click();
        await page.getByText("Nobody signs in with it any more").waitFor();
        await page.goto(at("/account/activity"));
        await page.getByText("there may be a copy of it").first().waitFor();
        await look(page, "passkeys-activity");
        assertNoComplaints(page);
    });
});

test("without a script the page says so, and the password works in two steps", async (context) => {
    const appliance = await Appliance.start({ host: "localhost" });
    const own = await browser.newContext({ javaScriptEnabled: false });
    context.after(async () => {
        await own.close();
        await appliance.stop();
    });
    const page = await own.newPage();
    await page.goto(`${appliance.origin}/sign-in`);
    assert.equal(await page.getByRole("button", { name: "Sign in with a passkey" }).isVisible(), false);
    await signIn(page, appliance);
    await page.getByRole("heading", { name: "Connected applications" }).waitFor();
    await rememberCookies(appliance, own);
    await page.goto(`${appliance.origin}/account/passkeys`);
    await page.getByText("JavaScript is off").waitFor();
    assert.equal(await page.getByRole("button", { name: "Add passkey" }).isVisible(), false);
});

describe("where a password is not enough", () => {
    let appliance;
    before(async () => {
        appliance = await Appliance.start({ host: "localhost", environment: { WRIT_SIGN_IN_SECOND_FACTOR: "everybody" } });
    });
    after(async () => await appliance?.stop());

    test("a passkey is set up right after it, and nothing opens before", async () => {
        const own = await browser.newContext();
        const page = await watched(own, { expected: [403, 422] });
        const authenticator = await device(page);
        await page.goto(`${appliance.origin}/console`);
        await signIn(page, appliance);
        await page.getByRole("heading", { name: "One more thing is needed here" }).waitFor();
        appliance.remember({ secret: await page.innerText("#secret") });
        await look(page, "set-up-factor");
        const other = await own.newPage();
        await other.goto(`${appliance.origin}/console`);
        await other.getByRole("button", { name: "Continue" }).waitFor();
        await other.close();
        await page.getByRole("button", { name: "Add passkey" }).click();
        await page.getByRole("heading", { name: "Overview" }).waitFor();
        await rememberCookies(appliance, own);
        assert.equal((await authenticator.credentials()).length, 1);
        // From now on the password leads to the passkey.
        await own.clearCookies();
        await page.goto(`${appliance.origin}/sign-in`);
        await signIn(page, appliance);
        await page.getByText("sign in with your passkey").waitFor();
        await look(page, "passkey-wanted");
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await page.getByRole("heading", { name: "Connected applications" }).waitFor();
        await rememberCookies(appliance, own);
        await own.close();
    });
});
