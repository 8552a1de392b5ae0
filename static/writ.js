// Niceties. Every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  const each = (selector, run) => document.querySelectorAll(selector).forEach(run);

  // A form that is an application's answer sends itself, once the page is there.
  each("form[data-goes-on]", (form) => addEventListener("load", () => form.submit(), { once: true }));

  // Light and dark. Back at the device's own choice, the choice is forgotten.
  const device = matchMedia("(prefers-color-scheme: dark)");
  const shown = () => {
    const chosen = root.dataset.theme;
    return chosen === "light" || chosen === "dark" ? chosen : device.matches ? "dark" : "light";
  };
  each("[data-theme-switch]", (button) => {
    const label = () => {
      const { dark = "Dark page", light = "Light page" } = button.dataset;
      button.textContent = shown() === "dark" ? light : dark;
    };
    button.hidden = false;
    label();
    device.addEventListener("change", label);
    button.addEventListener("click", () => {
      const next = shown() === "dark" ? "light" : "dark";
      const forget = (next === "dark") === device.matches;
      root.dataset.theme = forget ? "device" : next;
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `writ_theme=${next}; Path=/; SameSite=Lax; Max-Age=${forget ? 0 : 31536000}${secure}`;
      label();
    });
  });

  // One press, one request: a second press while the first is on its way does nothing.
  each("form[data-once]", (form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  });
  addEventListener("pageshow", () => each("form[data-sent]", (form) => delete form.dataset.sent));

  // Show and hide a password; hidden again before it is sent.
  each("[data-reveal]", (button) => {
    const field = document.getElementById(button.dataset.reveal);
    if (!field) return;
    const show = (visible) => {
      field.type = visible ? "text" : "password";
      button.textContent = visible ? button.dataset.hide ?? "Hide" : button.dataset.show ?? "Show";
      button.setAttribute("aria-pressed", String(visible));
    };
    button.hidden = false;
    button.setAttribute("aria-controls", field.id);
    show(false);
    button.addEventListener("click", () => show(field.type === "password"));
    field.form?.addEventListener("submit", () => show(false));
  });

  // Times in the reader's own zone. Without this, they are in UTC and say so.
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const ways = {
    exact: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" },
    hour: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    day: { month: "short", day: "numeric" },
  };
  const tongue = root.lang === "en" ? "en-GB" : root.lang;
  for (const way in ways) ways[way] = new Intl.DateTimeFormat(tongue, ways[way]);
  const local = (within) => {
    within.querySelectorAll("time[datetime]").forEach((time) => {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) return;
      const way = time.dataset.text;
      if (way) time.textContent = ways[way].format(at);
      if (way !== "exact") time.title = ways.exact.format(at);
    });
    within.querySelectorAll("title[data-at]").forEach((title) => {
      const at = ways.exact.format(new Date(title.dataset.at));
      title.textContent = at + title.textContent.slice(title.textContent.indexOf(": "));
    });
  };
  local(document);
  addEventListener("writ:added", (event) => local(event.target));
  each("[data-zone]", (place) => { place.textContent = `${place.dataset.zone} ${zone.replaceAll("_", " ")}`; });

  // A slash goes to the search, wherever nothing is being typed.
  each("[data-slash]", (field) => {
    addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.focus();
      field.select();
    });
  });

  // The menu of a phone closes as others do.
  each("[data-menu]", (menu) => {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  // Several rows: all of the page at once, how many are chosen, and which.
  each("[data-bulk]", (bulk) => {
    const boxes = [...bulk.closest("form").elements].filter((field) => field.matches("td input[type=checkbox]"));
    if (boxes.length === 0) return;
    const all = bulk.querySelector("[data-bulk-all]");
    const say = (selector, text) => bulk.querySelectorAll(selector).forEach((place) => { place.textContent = text(place.dataset); });
    const tell = () => {
      const chosen = boxes.filter((box) => box.checked);
      const named = chosen.slice(0, 12).map((box) => box.dataset.name);
      const left = chosen.length - named.length;
      const recent = chosen.filter((box) => box.dataset.recent).length;
      all.checked = chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
      // What is said stands in the page, in its language; `{}` is what it is about.
      const fill = (words, about) => words.replace("{}", () => about);
      say("[data-bulk-count]", ({ none, some }) => (chosen.length === 0 ? none : fill(some, chosen.length)));
      say("[data-bulk-names]", ({ none, more }) => {
        if (chosen.length === 0) return none;
        return `${named.join(", ")}${left > 0 ? ` ${fill(more, left)}` : ""}.`;
      });
      say("[data-bulk-recent]", ({ one, many }) => (recent === 0 ? "" : fill(recent === 1 ? one : many, recent)));
    };
    all.closest("label").hidden = false;
    all.addEventListener("change", () => {
      boxes.forEach((box) => { box.checked = all.checked; });
      tell();
    });
    boxes.forEach((box) => box.addEventListener("change", tell));
    addEventListener("pageshow", tell);
    tell();
  });

  // Something is waited for on this page: told when it has come, and shown when whoever reads wants it.
  each("[data-await]", (note) => {
    const look = note.querySelector("[data-await-look]");
    let rounds = 0;
    const ask = async () => {
      if (++rounds > 300) return;
      if (!document.hidden) {
        try {
          const answer = await fetch(look.href, { redirect: "manual", credentials: "same-origin" });
          if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return;
          if (answer.ok) {
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            if (!page.querySelector("[data-await]")) {
              note.classList.add("is-done");
              note.querySelector("span").replaceChildren(`${note.dataset.arrived} `, look);
              look.textContent = note.dataset.show;
              return;
            }
          }
        } catch { /* The next round asks again. */ }
      }
      setTimeout(ask, 2000);
    };
    setTimeout(ask, 2000);
  });

  // A text of the page as a file. It is made here: nothing is asked of anybody, and no address has it.
  each("[data-download]", (button) => {
    const source = document.getElementById(button.dataset.download);
    if (!source) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([source.textContent], { type: "text/plain" }));
      link.download = button.dataset.file;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  });

  // Copy, where the browser lets us.
  each("[data-copy]", (button) => {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) return;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    const label = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.copied ?? "Copied";
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  });
})();
