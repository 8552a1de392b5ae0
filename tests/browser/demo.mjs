// `writ serve --demo` on a free port, and its printed sign-in.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ROOT, freePort } from "../clients/appliance.mjs";
import { signIn } from "../clients/browser.mjs";

const BINARY = resolve(process.env.WRIT_BIN ?? join(ROOT, "target/debug/writ"));

/** When every demo begins: pictures of one can be held beside those of another. Keys differ, and nothing else. */
const AT = "2027-01-15T09:30:00Z";

export async function demo() {
    const [port, directory] = [await freePort(), mkdtempSync(join(tmpdir(), "writ-demo-"))];
    const origin = `http://127.0.0.1:${port}`;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("WRIT_"));
    const running = spawn(BINARY, ["serve", "--demo", "--listen", `127.0.0.1:${port}`], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...Object.fromEntries(inherited), WRIT_LOG: "warn", WRIT_DEMO_AT: AT },
        cwd: directory,
    });
    let printed = "";
    const [, email, password] = await new Promise((told, failed) => {
        running.stdout.on("data", (bytes) => {
            printed += bytes;
            const line = /Sign in as (\S+) with (\S+)\n/.exec(printed);
            if (line) told(line);
        });
        running.once("exit", (code) => failed(new Error(`writ exited with ${code}:\n${printed}`)));
        running.once("error", failed);
    });
    return {
        origin,
        async signIn(page) {
            await page.goto(`${origin}/console`);
            await signIn(page, { email, password });
            await page.getByRole("heading", { name: "Overview" }).waitFor();
        },
        async stop() {
            const exited = new Promise((exited) => running.once("exit", exited));
            running.kill("SIGTERM");
            await exited;
            rmSync(directory, { recursive: true, force: true });
        },
    };
}
