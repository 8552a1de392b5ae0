// Watching the audit log: what is added comes in at the top. The page is whole without this file.
(() => {
  "use strict";
  const button = document.querySelector("[data-live]");
  const table = document.querySelector("main table.list");
  if (!button || !table) return;
  const says = document.querySelector("[data-live-status]");
  const EVERY = 2000;
  // Rows that are kept, and rounds until nobody seems to look any more: watching must not keep a session alive for ever.
  const MOST = 200;
  const ROUNDS = 900;
  let [timer, rounds, added, after, asking] = [0, 0, 0, button.dataset.after, false];

  const on = () => button.getAttribute("aria-pressed") === "true";
  const say = (words) => { if (says.textContent !== words) says.textContent = words; };
  // What is said stands in the page, in its language.
  const told = says.dataset;
  const stop = (words) => {
    clearTimeout(timer);
    button.setAttribute("aria-pressed", "false");
    say(words);
  };
  const later = () => { clearTimeout(timer); if (on() && !document.hidden) timer = setTimeout(ask, EVERY); };
  // Whoever reads an entry is not pushed away from it; what came meanwhile is told when it is closed.
  const reading = () => table.querySelector("details[open]") !== null;

  const put = (rows) => {
    table.hidden = false;
    document.querySelectorAll("main .empty").forEach((empty) => empty.remove());
    table.querySelectorAll("tr.is-new").forEach((row) => row.classList.remove("is-new"));
    const body = table.tBodies[0];
    for (const row of [...rows].reverse()) {
      if (body.querySelector(`[data-entry="${row.dataset.entry}"]`)) continue;
      row.classList.add("is-new");
      body.prepend(document.adoptNode(row));
      row.dispatchEvent(new CustomEvent("writ:added", { bubbles: true }));
      added += 1;
    }
    while (body.rows.length > MOST) body.lastElementChild.remove();
  };

  const ask = async () => {
    if (!on() || document.hidden || asking) return;
    if (++rounds > ROUNDS) return stop(told.stopped);
    if (reading()) {
      say(told.waiting);
      return later();
    }
    asking = true;
    try {
      const address = `${button.dataset.live}&after=${encodeURIComponent(after)}`;
      const answer = await fetch(address, { redirect: "manual", credentials: "same-origin" });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        return stop(told.signedOut);
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("table[data-newest]");
      if (!on()) return;
      if (reading()) return later();
      const rows = found.tBodies[0].rows;
      if (rows.length > 0) put(rows);
      after = found.dataset.newest;
      const many = "more" in found.dataset ? ` ${told.more}` : "";
      say(`${added === 0 ? told.none : told.some.replace("{}", added)}${many}`);
      later();
    } catch {
      say(told.silent);
      later();
    } finally {
      asking = false;
    }
  };

  button.hidden = false;
  button.addEventListener("click", () => {
    if (on()) return stop("");
    rounds = 0;
    button.setAttribute("aria-pressed", "true");
    say(told.none);
    ask();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (on()) ask();
  });
})();
