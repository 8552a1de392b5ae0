// A real Writ for a test: the JavaScript twin of appliance.py. Started on a free loopback port in a fresh directory,
// spoken to only through its command line and HTTP. When it stops, its whole log and its database file are searched
// for every secret that was told to `remember`.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const ROOT = resolve(import.meta.dirname, "../..");
export const CACHE = join(ROOT, ".cache");
const TLS = join(CACHE, "tls");
const BINARY = resolve(process.env.WRIT_BIN ?? join(ROOT, "target/debug/writ"));

export async function freePort() {
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => probe.once("listening", listening));
    const { port } = probe.address();
    await new Promise((closed) => probe.close(closed));
    return port;
}

export class Appliance {
    secrets = new Map();
    email = `ada-${randomBytes(6).toString("hex")}@people.example`;
    password = `correct horse ${randomBytes(8).toString("hex")}`;

    /**
     * `administrator: false` leaves the appliance as a stranger finds it: with a setup link. Under the host `localhost` browsers have passkeys
     * for it.
     */
    static async start({ administrator = true, environment = {}, host = "127.0.0.1" } = {}) {
        const appliance = new Appliance();
        const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("WRIT_"));
        appliance.environment = {
            ...Object.fromEntries(inherited),
            WRIT_LOG: "info,writ=trace",
            WRIT_OUTBOUND_ALLOW_LOOPBACK: "true",
            WRIT_OUTBOUND_EXTRA_ROOT: join(TLS, "ca.pem"),
            ...environment,
        };
        appliance.port = await freePort();
        appliance.origin = `http://${host}:${appliance.port}`;
        appliance.directory = mkdtempSync(join(tmpdir(), "writ-"));
        appliance.data = join(appliance.directory, "data");
        appliance.remember({ email: appliance.email, password: appliance.password });
        await appliance.#run();
        if (administrator) {
            const made = appliance.writ(
                ["setup", "--email", appliance.email, "--name", "Ada Lovelace", "--password-stdin"],
                appliance.password,
            );
            appliance.person = made.person_id;
        }
        return appliance;
    }

    async #run() {
        const log = openSync(this.logFile, "a");
        const printed = openSync(join(this.directory, "writ.out"), "a");
        const listen = `127.0.0.1:${this.port}`;
        this.process = spawn(
            BINARY,
            ["serve", "--listen", listen, "--public-url", this.origin, "--data", this.data],
            { stdio: ["ignore", printed, log], env: this.environment, cwd: this.directory },
        );
        this.exited = new Promise((exited) => this.process.once("exit", exited));
        this.process.once("error", (error) => (this.spawnError = error));
        const deadline = Date.now() + 30_000;
        for (;;) {
            if (this.spawnError) throw this.spawnError;
            if (this.process.exitCode !== null) {
                throw new Error(`writ exited with ${this.process.exitCode} at start:\n${this.log().slice(-4000)}`);
            }
            try {
                if ((await fetch(`${this.origin}/health`)).ok) return;
            } catch {
                // Not listening yet.
            }
            if (Date.now() > deadline) {
                this.process.kill("SIGKILL");
                throw new Error(`writ did not answer within 30 s:\n${this.log().slice(-4000)}`);
            }
            await pause(50);
        }
    }

    get logFile() {
        return join(this.directory, "writ.log");
    }

    log() {
        return readFileSync(this.logFile, "utf8");
    }

    /** What it printed on standard output. */
    printed() {
        return readFileSync(join(this.directory, "writ.out"), "utf8");
    }

    /** Runs `writ ARGUMENTS --json` on this appliance's directory; every secret it prints is remembered. */
    writ(words, stdin) {
        const run = spawnSync(BINARY, [...words, "--json", "--data", this.data], {
            input: stdin ?? "",
            encoding: "utf8",
            env: this.environment,
            cwd: this.directory,
            timeout: 60_000,
        });
        assert.equal(run.status, 0, `writ ${words.join(" ")}: exit ${run.status}\n${run.stdout}${run.stderr}`);
        const answer = JSON.parse(run.stdout);
        this.remember({ client_secret: answer.client_secret, initial_access_token: answer.initial_access_token });
        return answer;
    }

    resource(identifier, name, scopes) {
        return this.writ(["resource", "add", identifier, "--name", name, ...repeated("--scope", scopes)]);
    }

    client(name, options) {
        const words = ["client", "add", "--name", name];
        for (const [option, value] of Object.entries(options)) {
            words.push(...(value === true ? [`--${option}`] : repeated(`--${option}`, [value].flat())));
        }
        return this.writ(words);
    }

    /** Secrets that may appear neither in the log nor (but for the e-mail address) in the file. */
    remember(named) {
        for (const [name, value] of Object.entries(named)) if (value) this.secrets.set(String(value), name);
    }

    rememberTokens(tokens) {
        const { access_token, refresh_token, id_token, client_secret, registration_access_token } = tokens ?? {};
        this.remember({ access_token, refresh_token, id_token, client_secret, registration_access_token });
    }

    async stop() {
        try {
            await this.#end();
            this.#assertNothingLeaked();
        } finally {
            // Its log is kept for whoever looks into a failure; the rest goes.
            mkdirSync(join(CACHE, "logs"), { recursive: true });
            copyFileSync(this.logFile, join(CACHE, "logs", `writ-${this.port}.log`));
            rmSync(this.directory, { recursive: true, force: true });
        }
    }

    async #end() {
        if (this.process?.exitCode === null) {
            this.process.kill("SIGTERM");
            const stopped = await Promise.race([this.exited.then(() => true), pause(20_000, false, { ref: false })]);
            if (!stopped) {
                this.process.kill("SIGKILL");
                assert.fail("writ did not stop within 20 s of SIGTERM");
            }
        }
    }

    #assertNothingLeaked() {
        const log = this.log();
        assert.ok(log, "the log is empty: the search for secrets in it would prove nothing");
        const files = existsSync(this.data) ? readdirSync(this.data).filter((name) => name.endsWith(".redb")) : [];
        assert.ok(files.length > 0, "no database file was found");
        const stored = Buffer.concat(files.map((name) => readFileSync(join(this.data, name))));
        const leaks = [];
        for (const [value, name] of this.secrets) {
            for (const form of new Set([value, encodeURIComponent(value)])) {
                const line = log.split("\n").find((line) => line.includes(form));
                if (line) leaks.push(`${name} in the log: ${line.replaceAll(form, `<${name}>`).slice(0, 400)}`);
                else if (name !== "email" && stored.includes(form)) leaks.push(`${name} in the database file`);
            }
        }
        assert.deepEqual(leaks, [], "secrets leaked");
    }
}

function repeated(option, values) {
    return values.flatMap((value) => [option, value]);
}

/** The redirect target of a native client. `answer()` resolves with the parameters of the next answer. */
export class Callback {
    static async listen({ host = "127.0.0.1", path = "/callback", tls = false } = {}) {
        const callback = new Callback();
        callback.waiting = [];
        callback.answers = [];
        const handler = (request, response) => {
            const url = new URL(request.url, "http://any");
            if (url.pathname !== path) return void response.writeHead(404).end();
            response.writeHead(200, { "content-type": "text/html" });
            response.end("<!doctype html><title>Done</title><link rel=icon href=data:,><p>You can close this page.");
            const waiting = callback.waiting.shift();
            if (waiting) waiting(url.searchParams);
            else callback.answers.push(url.searchParams);
        };
        callback.server = tls
            ? createSecureServer({ cert: readFileSync(join(TLS, "leaf.pem")), key: readFileSync(join(TLS, "leaf.key")) }, handler)
            : createServer(handler);
        await new Promise((listening) => callback.server.listen(0, "127.0.0.1", listening));
        callback.port = callback.server.address().port;
        callback.uri = `${tls ? "https" : "http"}://${host}:${callback.port}${path}`;
        return callback;
    }

    async answer() {
        const ready = this.answers.shift();
        if (ready) return ready;
        return await Promise.race([
            new Promise((arrived) => this.waiting.push(arrived)),
            pause(30_000, undefined, { ref: false }).then(() => assert.fail("no answer came to the redirect URI")),
        ]);
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/** A web site over https with the test authority's certificate, for client-id metadata documents and key sets. */
export class Documents {
    pages = new Map();
    asked = new Map();

    static async serve({ host = "localhost" } = {}) {
        const site = new Documents();
        site.server = createSecureServer(
            { cert: readFileSync(join(TLS, "leaf.pem")), key: readFileSync(join(TLS, "leaf.key")) },
            (request, response) => {
                site.asked.set(request.url, (site.asked.get(request.url) ?? 0) + 1);
                const page = site.pages.get(request.url);
                response.writeHead(page ? 200 : 404, { "content-type": "application/json", "cache-control": "max-age=60" });
                response.end(page);
            },
        );
        await new Promise((listening) => site.server.listen(0, "127.0.0.1", listening));
        site.origin = `https://${host}:${site.server.address().port}`;
        return site;
    }

    url(path) {
        return this.origin + path;
    }

    put(path, document) {
        this.pages.set(path, JSON.stringify(document));
        return this.url(path);
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}
