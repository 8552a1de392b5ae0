// The code flow by hand, for journeys that are about the pages.

import { createHash, randomBytes } from "node:crypto";

/** `client` as `writ client add` printed it; resolves nothing, holds one request and its verifier. */
export class Flow {
    state = randomBytes(12).toString("base64url");
    verifier = randomBytes(32).toString("base64url");

    constructor(appliance, client, redirectUri, { scope, resource, ...more } = {}) {
        appliance.remember({ verifier: this.verifier });
        Object.assign(this, { appliance, client, redirectUri });
        this.url = new URL(`${appliance.origin}/oauth/authorize`);
        const challenge = createHash("sha256").update(this.verifier).digest("base64url");
        const words = {
            response_type: "code",
            client_id: client.client_id,
            redirect_uri: redirectUri,
            state: this.state,
            code_challenge: challenge,
            code_challenge_method: "S256",
            scope,
            resource,
            ...more,
        };
        for (const [name, value] of Object.entries(words)) if (value !== undefined) this.url.searchParams.set(name, value);
    }

    /** Posts to the token endpoint as a public client; resolves with { status, body }. */
    async post(words) {
        return await token(this.appliance, { client_id: this.client.client_id, ...words });
    }

    async redeem(code) {
        this.appliance.remember({ code });
        return await this.post({
            grant_type: "authorization_code",
            code,
            code_verifier: this.verifier,
            redirect_uri: this.redirectUri,
        });
    }
}

export async function token(appliance, words) {
    const answer = await fetch(`${appliance.origin}/oauth/token`, { method: "POST", body: new URLSearchParams(words) });
    const body = await answer.json();
    appliance.rememberTokens(body);
    return { status: answer.status, body };
}
