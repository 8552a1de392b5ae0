"""A real Writ for a test: started on a free loopback port in a fresh directory, spoken to only through its command
line and HTTP, stopped at the end. Whatever secret a test sees is told to `remember`; when the appliance stops, its
whole log and its database file are searched for every one of them."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
TLS = CACHE / "tls"
START_SECONDS = 30


def binary() -> Path:
    """The program under test: WRIT_BIN, else the development build."""
    return Path(os.environ.get("WRIT_BIN", ROOT / "target" / "debug" / "writ")).resolve()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Refused(Exception):
    """A subcommand that exited with something else than 0."""


class Appliance:
    """Use as a context manager. `origin` is the issuer, byte for byte."""

    def __init__(self, **environment: str):
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.directory = Path(tempfile.mkdtemp(prefix="writ-"))
        self.data = self.directory / "data"
        self.log = self.directory / "writ.log"
        self.printed = self.directory / "writ.out"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WRIT_")},
            "WRIT_LOG": "info,writ=trace",
            "WRIT_OUTBOUND_ALLOW_LOOPBACK": "true",
            "WRIT_OUTBOUND_EXTRA_ROOT": str(TLS / "ca.pem"),
            **environment,
        }
        (CACHE / "logs").mkdir(parents=True, exist_ok=True)
        self.process: subprocess.Popen | None = None
        self.secrets: dict[str, str] = {}
        self.email = f"ada-{secrets.token_hex(6)}@people.example"
        self.password = f"correct horse {secrets.token_hex(8)}"
        self.person: str | None = None

    def __enter__(self) -> "Appliance":
        self.remember(email=self.email, password=self.password)
        self.start()
        try:
            self.person = self.writ(
                "setup", "--email", self.email, "--name", "Ada Lovelace", "--password-stdin", stdin=self.password
            )["person_id"]
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            self.stop()
            if kind is None:
                self.assert_nothing_leaked()
        finally:
            # Its log is kept for whoever looks into a failure; the rest goes.
            shutil.copy(self.log, CACHE / "logs" / f"writ-{self.port}.log")
            shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        with self.log.open("ab") as log, self.printed.open("ab") as printed:
            self.process = subprocess.Popen(
                [binary(), "serve", "--listen", f"127.0.0.1:{self.port}", "--public-url", self.origin, "--data", self.data],
                stdout=printed,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self.environment,
                cwd=self.directory,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"writ exited with {self.process.returncode} at start:\n{self.log.read_text()[-4000:]}")
            try:
                with urllib.request.urlopen(f"{self.origin}/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"writ did not answer within {START_SECONDS} s:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("writ did not stop within 20 s of SIGTERM") from None

    def writ(self, *arguments: str, stdin: str | None = None):
        """Runs `writ ARGUMENTS --json` on this appliance's directory; every secret it prints is remembered."""
        run = subprocess.run(
            [binary(), *arguments, "--json", "--data", self.data],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.directory,
            timeout=60,
        )
        if run.returncode != 0:
            raise Refused(f"writ {' '.join(arguments)}: exit {run.returncode}\n{run.stdout}{run.stderr}")
        answer = json.loads(run.stdout)
        if isinstance(answer, dict):
            for name in ("client_secret", "initial_access_token"):
                if name in answer:
                    self.remember(**{name: answer[name]})
        return answer

    def remember(self, **named: str | None):
        """Secrets that may appear neither in the log nor (but for the e-mail address) in the file."""
        for name, value in named.items():
            if value:
                self.secrets[value] = name

    def remember_tokens(self, tokens: dict):
        for name in ("access_token", "refresh_token", "id_token", "registration_access_token", "client_secret"):
            self.remember(**{name: tokens.get(name)})

    def assert_nothing_leaked(self):
        log = self.log.read_text(errors="replace")
        file = b"".join(path.read_bytes() for path in self.data.glob("*.redb"))
        assert log, "the log is empty: the search for secrets in it would prove nothing"
        assert file, "no database file was found"
        leaks = []
        for value, name in self.secrets.items():
            for form in {value, urllib.parse.quote(value, safe="")}:
                if form in log:
                    line = next(line for line in log.splitlines() if form in line)
                    leaks.append(f"{name} in the log: {line.replace(form, f'<{name}>')[:400]}")
                elif name != "email" and form.encode() in file:
                    leaks.append(f"{name} in the database file")
        assert not leaks, "secrets leaked:\n" + "\n".join(leaks)


def scopes(text: str | None) -> set[str]:
    return set((text or "").split())
