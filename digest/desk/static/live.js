// The live side of the desk: what others do, what becomes of the whole edition, and what was typed while nobody answered.
(function () {
  "use strict";
  const $ = (query, from) => (from || document).querySelector(query);
  const $$ = (query, from) => [...(from || document).querySelectorAll(query)];
  const body = document.body, base = body.dataset.base, root = base.slice(0, base.indexOf("/d/"));
  const csrf = JSON.parse(body.getAttribute("hx-headers"))["X-CSRF-Token"];
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  document.cookie = `desk_zone=${encodeURIComponent(zone)}; path=${root || "/"}; max-age=31536000; samesite=lax`;

  // Pieces of the page that come by themselves

  // What was said stays for so long from when it was said: another message comes in the same element.
  const SAID_MS = 20000;
  let fading = 0, fades = "";
  const fade = (anew) => {
    const done = $("#said > .say.ok"), words = done ? done.textContent : "";
    if (!anew && words === fades) return;
    clearTimeout(fading);
    fades = words;
    if (done) fading = setTimeout(() => { fades = ""; for (const each of $$("#said > .say.ok")) each.remove(); }, SAID_MS);
  };
  const put = (html) => {
    const made = document.createElement("template");
    made.innerHTML = html;
    const anew = $("#said", made.content) !== null;
    for (const piece of [...made.content.children]) {
      const old = piece.id && document.getElementById(piece.id);
      piece.removeAttribute("hx-swap-oob");
      if (old) Idiomorph.morph(old, piece, { ignoreActiveValue: true });
    }
    fade(anew);
  };
  const ask = async (path, options) => {
    let answer;
    try {
      answer = await fetch(base + path, { headers: { "HX-Request": "true", "X-CSRF-Token": csrf }, ...options });
    } catch (error) {
      lost(true);
      throw error;
    }
    if (answer.status === 401) out();
    return answer;
  };
  let wanted = 0;
  // After an edit the preview comes first: both are rendered by one process.
  const bar = (soon = 120) => {
    clearTimeout(wanted);
    wanted = setTimeout(async () => {
      try {
        const answer = await ask("/bar");
        if (answer.ok) put(await answer.text());
      } catch { /* the stream says when somebody answers again */ }
    }, soon);
  };
  setInterval(() => { if (!document.hidden) bar(); }, 30000);

  // Deciding

  const dialog = $("#decide");
  const open = (html) => {
    const chosen = dialog.open && $("[name=target]", dialog), at = $(".plan .open[data-id]"), id = chosen ? chosen.value : at && at.dataset.id;
    dialog.innerHTML = html;
    // The story chosen before a problem was told, else the one that is open.
    const story = $("[name=target]", dialog);
    if (story && [...story.options].some((each) => each.value === id)) story.value = id;
    const field = $("[data-remember]", dialog);
    if (field && localStorage.getItem("desk:" + field.dataset.remember)) field.value = localStorage.getItem("desk:" + field.dataset.remember);
    restore(dialog);
    if (!dialog.open) dialog.showModal();
  };
  // What was typed last is on its way: the question is asked of the draft it makes.
  const waiters = [];
  let posting = 0;
  const isPost = (event) => event.detail.requestConfig && event.detail.requestConfig.verb === "post";
  body.addEventListener("htmx:beforeRequest", (event) => { if (isPost(event)) posting += 1; });
  body.addEventListener("htmx:afterRequest", (event) => {
    if (isPost(event)) posting = Math.max(0, posting - 1);
    if (!posting) waiters.splice(0).forEach((go) => go());
  });
  const quiet = () => posting ? new Promise((go) => waiters.push(go)) : null;
  const asking = async (verb) => {
    try {
      await quiet();
      const answer = await ask("/ask/" + verb);
      if (answer.ok) open(await answer.text());
    } catch { /* told by the banner */ }
  };
  const decide = async (verb, form) => {
    // The answer may come when another question stands there: the page learns by its stream too what became of this one.
    const asked = dialog.open ? dialog.firstElementChild : null, typed = dialog.open ? $$("[data-keep]", dialog) : [];
    for (const button of $$("button", dialog)) button.disabled = true;
    try {
      const answer = await ask("/" + verb, { method: "POST", body: form || new URLSearchParams() });
      const html = await answer.text();
      if (answer.status === 409 || answer.status === 422) return open(html);
      if (!answer.ok) return say(html);
      if (asked && asked.parentNode === dialog) dialog.close();
      for (const field of typed) localStorage.removeItem(name(field));
      put(html);
    } catch { /* told by the banner; what was typed stays in the dialog */
      for (const button of $$("button", dialog)) button.disabled = false;
    }
  };
  const say = (words, kind = "err") => {
    const said = $("#said"), line = document.createElement("p");
    line.className = `say ${kind} alone`;
    line.textContent = words;
    said.replaceChildren(line);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask], [data-post], [data-shut], [data-show], [data-now]");
    if (!button || button.disabled) return;
    const { ask: verb, post, shut, show } = button.dataset;
    if (verb) asking(verb);
    if (post) {
      if (button.dataset.meanwhile) say(button.dataset.meanwhile, "wait");
      button.disabled = true;
      decide(post).finally(() => { button.disabled = false; });
    }
    if (shut !== undefined) { dialog.close(); refresh(); }
    if (show) { const tab = $("#tab-" + show); if (tab) tab.click(); body.dataset.column = "side"; }
    if (button.dataset.now !== undefined) { listen(); resend(); }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target, verb = form.dataset.decide;
    if (form.action.endsWith("/logout")) forget(() => true);
    if (!verb) return;
    event.preventDefault();
    const field = $("[data-remember]", form);
    if (field) localStorage.setItem("desk:" + field.dataset.remember, field.value);
    decide(verb, new URLSearchParams(new FormData(form, event.submitter)));
  });
  document.addEventListener("keydown", (event) => {
    if ($("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=radio]), textarea, select");
    const press = (verb) => { const button = $(`[data-ask=${verb}]`); if (button && !button.disabled) { event.preventDefault(); button.click(); } };
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { if (typing) typing.blur(); press("approve"); }
    const letters = localStorage.getItem("desk:letters") !== "off";
    if (letters && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && event.key.toLowerCase() === "t") press("test");
  });

  // What others do

  let source = null, told = "", waiting = 0;
  const refresh = () => htmx.ajax("GET", `${base}/changes`, { source: body, swap: "none" });
  let looking = 0;
  const look = (pulse, before) => {
    clearTimeout(looking);
    looking = setTimeout(() => {
      const news = before && ["state", "built"].some((name) => pulse[name] !== before[name]);
      if (news || Number($("#top").dataset.seen) !== pulse.edits) refresh();
    }, 150);
  };
  const listen = () => {
    if (source) source.close();
    source = new EventSource(base + "/events");
    source.addEventListener("pulse", (event) => {
      const pulse = JSON.parse(event.data);
      lost(false);
      people(pulse.people || []);
      delete pulse.people;
      const now = JSON.stringify(pulse), before = told ? JSON.parse(told) : null;
      if (now === told) return;
      told = now;
      look(pulse, before);
      bar(before && before.state === "draft" && pulse.state === "draft" ? 900 : 120);
    });
    source.addEventListener("out", () => { source.close(); out(); });
    source.onerror = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => lost(true), 700);
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    };
    source.onopen = () => lost(false);
  };
  const people = (names) => {
    const me = body.dataset.me, others = names.filter((each) => each !== me), place = $("#people");
    if (!place) return;
    const said = others.length ? `${others.join(", ")} ${others.length > 1 ? "are" : "is"} here too` : "";
    if (place.textContent !== said) place.textContent = said;
  };

  // When nobody answers

  const banner = (words, action, does) => {
    const said = $("#lost");
    if (!words) { said.hidden = true; return; }
    $("p", said).textContent = words;
    const button = $("button", said), link = $("a", said);
    button.hidden = does !== "try";
    link.hidden = does !== "login";
    said.hidden = false;
  };
  let gone = false, trying = 0;
  const lost = (now) => {
    clearTimeout(waiting);
    if (now === gone) return;
    gone = now;
    // Only a request may have failed, and the stream not know of it: it is opened anew, and says when somebody answers.
    clearInterval(trying);
    if (now) trying = setInterval(() => { if (source && source.readyState === EventSource.OPEN) listen(); }, 3000);
    banner(now ? "The connection is gone. What you type is kept here and sent when it is back." : "", "", "try");
    if (!now) { resend(); if (told) refresh(); bar(); }
  };
  const out = () => banner("Your session ended. What you typed is kept here.", "", "login");
  body.addEventListener("htmx:sendError", () => lost(true));
  // htmx rejects without a reason where nobody answered; the banner says it.
  window.addEventListener("unhandledrejection", (event) => { if (event.reason === undefined) event.preventDefault(); });
  body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) out();
    else if (event.detail.xhr.status >= 500) say(event.detail.xhr.responseText || "The desk could not do this.");
  });

  // What was typed is kept until the server has it

  const id = (field) => { const item = field.closest("[data-id]"); return item ? item.dataset.id : ""; };
  const word = (field) => field.dataset.word || field.dataset.whole || field.dataset.keep;
  const name = (field) => `desk:${body.dataset.desk}:${body.dataset.day}:${id(field)}:${word(field)}`;
  const kept = () => {
    const found = [], start = `desk:${body.dataset.desk}:${body.dataset.day}:`;
    for (let at = 0; at < localStorage.length; at += 1) {
      const key = localStorage.key(at);
      if (!key.startsWith(start)) continue;
      const [item, field] = key.slice(start.length).split(":");
      found.push({ key, item, field, ...JSON.parse(localStorage.getItem(key)) });
    }
    return found;
  };
  document.addEventListener("focusin", (event) => {
    const field = event.target;
    if (field.dataset && (field.dataset.word || field.dataset.whole)) begun.set(name(field), $("#top").dataset.seen);
  });
  document.addEventListener("desk:synced", (event) => begun.delete(name(event.detail)));
  const flying = new Set();  // keys that wait for their turn to be sent again
  const begun = new Map();  // which edits were known when somebody began to type
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.dataset || !word(field)) return;
    const key = name(field);
    if (!begun.has(key)) begun.set(key, $("#top").dataset.seen);
    localStorage.setItem(key, JSON.stringify({ value: field.value, seen: begun.get(key), sent: false }));
  });
  const keyOf = (values, field) => `desk:${body.dataset.desk}:${body.dataset.day}:${values.kind === "rewrite" ? values.target : ""}:${field}`;
  const words = (values) => values.kind === "rewrite" ? ["headline", "kicker", "teaser"].filter((each) => each in values) : ["subject", "preheader", "intro"].filter((each) => each === values.kind);
  body.addEventListener("htmx:configRequest", (event) => {
    const given = event.detail.parameters;
    if (event.detail.verb !== "post" || !given.kind) return;
    if (given.again) {  // sent in the meantime by whoever typed it
      const key = given.again;
      delete given.again;
      flying.delete(key);
      if (!localStorage.getItem(key)) return event.preventDefault();
    }
    for (const field of words({ ...given })) {
      const key = keyOf(given, field), had = localStorage.getItem(key);
      if (begun.has(key)) given.seen = begun.get(key);
      if (had) localStorage.setItem(key, JSON.stringify({ ...JSON.parse(had), sent: true }));
    }
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig: asked, xhr, successful } = event.detail;
    if (!asked || asked.verb !== "post" || !successful) return;
    const given = { ...asked.parameters }, clash = xhr.getResponseHeader("X-Desk-Clash"), problem = xhr.getResponseHeader("X-Desk-Problem");
    for (const field of words(given)) {
      const key = keyOf(given, field), had = JSON.parse(localStorage.getItem(key) || "null");
      if (clash) begun.set(key, $("#top").dataset.seen);  // told: what is sent next is meant
      else if (had && problem) localStorage.setItem(key, JSON.stringify({ ...had, sent: false }));
      else if (!problem) { begun.delete(key); if (had && had.value === (given[field] ?? given.text)) localStorage.removeItem(key); }
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do=theirs]");
    if (!button || !button.dataset.edit) return;
    const edit = JSON.parse(button.dataset.edit), theirs = JSON.parse(button.dataset.theirs);
    for (const field of words(edit)) {
      localStorage.removeItem(keyOf(edit, field));
      const owner = edit.kind === "rewrite" ? document.getElementById("it-" + edit.target) : document;
      const there = owner && $(`[data-word="${field}"], [data-whole="${field}"]`, owner), value = theirs[field] ?? theirs.text;
      if (there && value !== undefined) { there.value = value; there.defaultValue = value; }
    }
  });
  const forget = (which) => {
    for (let at = localStorage.length - 1; at >= 0; at -= 1) {
      const [, day] = localStorage.key(at).match(/^desk:[^:]*:(\d{4}-\d\d-\d\d):/) || [];
      if (day && which(day)) localStorage.removeItem(localStorage.key(at));
    }
  };
  const resend = () => {
    for (const each of kept()) {
      if (!each.sent || flying.has(each.key)) continue;
      flying.add(each.key);
      const values = each.item ? { kind: "rewrite", target: each.item, [each.field]: each.value } : { kind: each.field, text: each.value };
      begun.set(each.key, each.seen);
      htmx.ajax("POST", base + "/edit", { source: body, swap: "none", values: { ...values, again: each.key } }).catch(() => {});
    }
  };
  const restore = (from) => {
    for (const each of kept()) {
      const owner = each.item ? document.getElementById("it-" + each.item) : document;
      const field = owner && $(`[data-word="${each.field}"], [data-whole="${each.field}"], [data-keep="${each.field}"]`, owner);
      if (!field || !from.contains(field) || field === document.activeElement || field.value === each.value) continue;
      if (!begun.has(each.key)) begun.set(each.key, each.seen);
      field.value = each.value;
      field.classList.add("kept");
      field.title = "Kept from before; not saved yet";
    }
  };
  document.addEventListener("htmx:afterSettle", (event) => restore(event.target));
  document.addEventListener("DOMContentLoaded", begin);
  if (document.readyState !== "loading") begin();
  function begin() {
    if (begin.done) return;
    begin.done = true;
    const month = new Date(Date.now() - 30 * 86400000).toISOString().slice(0, 10);
    forget((day) => day < month);
    restore(body);
    const first = kept().find((each) => each.item && !each.sent);
    const closed = first && $(`.it[data-id="${first.item}"] [data-do=open]`);
    if (closed) closed.click();
    bar();
    listen();
    resend();
  }
})();
