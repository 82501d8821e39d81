// The desk in the browser: keys, drag, the preview. What an edit means is decided by the server; each is a form sent
// to it, and the pieces of the page that came out different come back.
(function () {
  "use strict";
  const $ = (query, from) => (from || document).querySelector(query);
  const $$ = (query, from) => [...(from || document).querySelectorAll(query)];
  const body = document.body, base = body.dataset.base;
  const top_ = () => $("#top");
  const editable = () => top_().dataset.editable === "1";
  let open = "", focused = "", wanted = "";  // wanted: a field of the item that is to be focused
  let seenAs = "";
  Idiomorph.defaults.ignoreActiveValue = true;
  // What somebody folded out stays so.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.localName === "details");

  // A field somebody stands in keeps what is being typed; where nothing was typed it shows what others wrote meanwhile.
  let back = [];  // where the focus goes when what had it is gone with the answer
  const fall = (...queries) => { back = queries; };
  document.addEventListener("focusin", () => { back = []; });
  let pending = 0;
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, made) => {
    if (old !== document.activeElement || pending || !(old.dataset.word || old.dataset.whole)) return;
    if (old.value !== old.defaultValue || old.value === made.value) return;
    old.value = old.defaultValue = made.value;
    document.dispatchEvent(new CustomEvent("desk:synced", { detail: old }));
  };

  // Talking to the server

  const send = (path, values, source) => {
    pending += 1;
    return htmx.ajax("POST", base + path, { source: source || body, swap: "none", values: values || {} }).finally(() => { pending -= 1; });
  };
  const post = (values) => { if (editable()) send("/edit", values); };
  body.addEventListener("htmx:configRequest", (event) => {
    const given = event.detail.parameters;
    given.open = open;
    [given.q, given.stamp] = [$("#find").value, top_().dataset.stamp];
    if (event.detail.verb === "post") [given.seen, given.as] = [top_().dataset.seen, $("#as").value];
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const answer = event.detail.xhr;
    // Pictures of what came in are fetched while the editor goes on.
    if (answer && answer.getResponseHeader("X-Desk-Pictures")) send("/pictures", {}, $(".stage"));
    if (answer && answer.getResponseHeader("X-Desk-Clash")) $$(".clash").forEach((each) => each.scrollIntoView({ block: "nearest" }));
  });
  let slow = 0;
  body.addEventListener("htmx:beforeRequest", () => { clearTimeout(slow); slow = setTimeout(() => { $("#busy").hidden = false; }, 400); });
  body.addEventListener("htmx:afterOnLoad", () => { clearTimeout(slow); $("#busy").hidden = true; });
  body.addEventListener("htmx:sendError", () => { clearTimeout(slow); $("#busy").hidden = true; });

  // Items

  const item = (from) => from && from.closest("[data-id]");
  const opener = (li) => $("[data-do=open], .bar [data-do=close]", li);
  const items = () => $$(".plan [data-id]");
  const byId = (id) => document.getElementById("it-" + id);
  const count = (section) => $$(`#sec-${section} .items > [data-id]`).length;
  const turn = (to) => {
    const was = open;
    open = to;
    return htmx.ajax("GET", base + "/opened", { source: body, swap: "none", values: { was } });
  };
  const show = (li, query) => {
    [focused, wanted] = [li.dataset.id, query || ".bar [data-do=close]"];
    turn(li.dataset.id);
  };
  const close = () => { if (open) { [focused, wanted] = [open, "[data-do=open]"]; turn(""); } };
  const place = (li, at) => {
    const { id, section, pinned } = li.dataset;
    if (at < 1 || at > count(section)) return;
    focused = id;
    post({ kind: pinned === "1" ? "pin" : "move", target: id, section, place: at });
  };
  const words = (field) => {
    if (field.value === field.defaultValue) return;
    field.defaultValue = field.value;
    if (field.dataset.whole) return post({ kind: field.dataset.whole, text: field.value });
    post({ kind: "rewrite", target: item(field).dataset.id, [field.dataset.word]: field.value });
  };

  // A candidate leaves its list: the next one comes into its place.
  const passing = (li) => fall(...[li.nextElementSibling, li.previousElementSibling].filter((each) => each && each.id).map((each) => `#${each.id} [data-do=putin]`), "#find");
  const lines = (li) => $$("[data-line]:checked", li).map(({ dataset }) =>
    ({ headline: dataset.headline, url: dataset.url, source: dataset.source, language: dataset.language }));
  const picks = {
    section: (li, field) => { focused = li.dataset.id; post({ kind: "move", target: li.dataset.id, section: field.value }); },
    place: (li, field) => { focused = li.dataset.id; post({ kind: "pin", target: li.dataset.id, section: li.dataset.section, place: field.value }); },
    join: (li, field) => field.value && post({ kind: "merge", target: li.dataset.id, with: field.value }),
    lead: (li, field) => { if (open) open = field.value; post({ kind: "lead", target: field.value }); },
  };

  const does = {
    open: (li) => show(li),
    close,
    up: (li) => place(li, +li.dataset.place - 1),
    down: (li) => place(li, +li.dataset.place + 1),
    promote: (li) => post({ kind: "promote", target: li.dataset.id }),
    pin: (li) => li.dataset.pin
      ? post({ kind: "undo", target: li.dataset.pin })
      : post({ kind: "pin", target: li.dataset.id, section: li.dataset.section, place: li.dataset.place }),
    boost: (li, button) => post({ kind: "boost", target: li.dataset.id, boost: button.dataset.by }),
    split: (li, button) => post({ kind: "split", target: button.dataset.story }),
    line: (li) => {
      const given = Object.fromEntries($$("[data-hand]", li).map((each) => [each.dataset.hand, each.value.trim()]));
      if (!given.headline || !given.url) return $(`[data-hand=${given.headline ? "url" : "headline"}]`, li).focus();
      post({ kind: "related", target: li.dataset.id, lines: JSON.stringify([...lines(li), { ...given, source: "", language: "" }]) });
    },
    join: (li, button) => { passing(li); post({ kind: "merge", target: button.dataset.to, with: li.dataset.id }); },
    fill: (li, button) => {
      fall(`#${button.closest(".sec").id} .items > :last-child [data-do=open]`);
      send("/fill");
    },
    plain: (li, button) => post({ kind: button.dataset.kind, text: "" }),
    note: () => $("#dialog-note").showModal(),
    drop: (li) => {
      const next = items()[items().indexOf(li) + 1];
      if (open === li.dataset.id) open = "";
      focused = next ? next.dataset.id : "";
      post({ kind: "drop", target: li.dataset.id });
    },
    putback: (li, button) =>
      post({ kind: "rewrite", target: li.dataset.id, headline: button.dataset.headline, kicker: button.dataset.kicker, teaser: button.dataset.teaser }),
    putin: (li) => { passing(li); post({ kind: "move", target: li.dataset.id, section: li.dataset.section }); },
    undo: (li, button) => {
      const gone = button.closest(".gone");
      if (gone) fall(`#it-${gone.id.slice(5)} [data-do=open]`);
      if (button.closest(".noted")) fall("#words [data-do=note]");
      if (button.dataset.seq) post({ kind: "undo", target: button.dataset.seq });
    },
    redo: (li, button) => button.dataset.seq && post({ kind: "redo", target: button.dataset.seq }),
    add: () => $("#dialog-add").showModal(),
    keys: () => $("#dialog-keys").showModal(),
    as: (li, button) => {
      const field = $("#as"), { reader, name, format } = button.dataset;
      if (![...field.options].some((each) => each.value === reader)) field.add(new Option(name, reader), field.options[field.length - 1]);
      field.value = seenAs = reader;
      if (format === "text") $("input[name=look][value=text]").checked = true;
      $("#dialog-reader").close();
      look();
    },
    shut: (li, button) => button.closest("dialog").close(),
    tab: (li, button) => tab(button.id.slice(4)),
    goto: (li, button) => {
      const { id } = button.dataset, there = byId(id), text = $(`[data-whole="${id}"]`);
      column("plan");
      if (there) show(there, "textarea[name=headline]");
      else if (text) text.focus();
    },
    mine: (li, button) => { fall("#f-headline"); const edit = JSON.parse(button.dataset.edit); button.closest(".clash").remove(); post(edit); },
    theirs: (li, button) => { button.closest(".clash").remove(); const field = $("#f-headline"); if (field) field.focus(); },
    both: (li, button) => { const shown = $(".both", button.closest(".clash")); shown.hidden = !shown.hidden; },
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && !button.disabled) return does[button.dataset.do](item(button), button);
    const menu = $(".me[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
    const row = event.target.closest(".it[data-id]");
    if (row && !event.target.closest("a, button, input")) show(row);
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.dataset.word || field.dataset.whole) words(field);
    if (field.dataset.pick) picks[field.dataset.pick](item(field), field);
    if (field.dataset.line !== undefined) post({ kind: "related", target: item(field).dataset.id, lines: JSON.stringify(lines(item(field))) });
    if (field.dataset.note !== undefined) post({ kind: "note", target: item(field).dataset.id, text: field.value });
    if (field.dataset.letters !== undefined) localStorage.setItem("desk:letters", field.checked ? "on" : "off");
    if (field.id === "as" && field.value === "?") {
      field.value = seenAs;
      return $("#dialog-reader").showModal();
    }
    if (field.id === "as") seenAs = field.value;
    if (["width", "look", "as"].includes(field.name)) look();
    if (field.name === "column") body.dataset.column = field.value;
  });
  // A dialog stays until the desk has what was typed into it, and says what was wrong with it.
  let asking = null;
  const answered = (words) => {
    const form = asking;
    asking = null;
    $(".go", form).disabled = false;
    $(".told", form).textContent = words;
    if (words) return;
    form.reset();
    form.closest("dialog").close();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.form || !event.submitter.value) return;
    event.preventDefault();
    asking = form;
    $(".go", form).disabled = true;
    $(".told", form).textContent = form.dataset.meanwhile || "";
    post({ kind: form.dataset.form, ...Object.fromEntries(new FormData(form)) });
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig: made, xhr, successful } = event.detail;
    if (!asking || !made || made.parameters.kind !== asking.dataset.form) return;
    const said = $("#said"), problem = !successful || xhr.getResponseHeader("X-Desk-Problem");
    answered(!problem ? "" : xhr.status === 200 ? said.textContent.trim() : "The desk does not answer. What you typed stays here.");
    if (problem) said.replaceChildren();
  });
  const tab = (name) => {
    for (const button of $$("#tabs [role=tab]")) {
      const chosen = button.id === "tab-" + name;
      button.setAttribute("aria-selected", chosen);
      button.tabIndex = chosen ? 0 : -1;
      document.getElementById(button.getAttribute("aria-controls")).hidden = !chosen;
    }
  };

  // The preview: the next mail is loaded behind the one that is seen, and takes its place and where it was scrolled to

  let version = top_().dataset.stamp, late = 0;
  const chosen = (name) => { const field = $(`input[name=${name}]:checked`); return field ? field.value : ""; };
  // A mail wider than its column is shown smaller.
  const fit = () => {
    const stage = $(".stage"), width = Number(stage.dataset.width), room = stage.clientWidth - 32;
    for (const each of $$("iframe", stage)) each.style.zoom = room > 0 && room < width ? (room / width).toFixed(3) : "";
  };
  new ResizeObserver(fit).observe($(".stage"));
  const look = () => {
    const stage = $(".stage"), shown = $("iframe:not(.coming)", stage);
    $$("iframe.coming", stage).forEach((each) => each.remove());
    const next = shown.cloneNode();
    next.removeAttribute("id");
    next.className = "coming";
    next.src = `${base}/mail?look=${chosen("look")}&as=${encodeURIComponent($("#as").value)}&v=${version}`;
    next.addEventListener("load", () => {
      const from = shown.contentWindow, to = next.contentWindow;
      try { to.scrollTo(0, from.scrollY); } catch { /* the mail was left for a page elsewhere */ }
      stage.dataset.width = chosen("width");
      next.title = `The mail, ${chosen("width")} pixels wide`;
      next.className = "";
      next.id = "mail";
      shown.remove();
      fit();
      document.dispatchEvent(new CustomEvent("desk:shown", { detail: version }));
    });
    stage.append(next);
  };
  document.addEventListener("htmx:oobAfterSwap", () => {
    if (top_().dataset.stamp === version) return;
    version = top_().dataset.stamp;
    look();
    clearTimeout(late);
    late = setTimeout(() => htmx.trigger(body, "desk:recheck"), 600);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const li = focused && byId(focused), field = li && (wanted ? $(wanted, li) : opener(li));
    if (field) field.focus();
    // What was opened is seen from its head on, as much of it as there is room for.
    if (field && field.dataset.do === "close") li.scrollIntoView({ block: "nearest" });
    if (!wanted || field) focused = wanted = "";
    const next = document.activeElement === body && back.map((query) => $(query)).find(Boolean);
    if (next) next.focus();
  });

  // Keys

  const here = () => item(document.activeElement) || (open && byId(open));
  const walk = (step) => {
    const all = items(), at = all.indexOf(here());
    const next = all[at < 0 ? 0 : at + step];
    if (next) { opener(next).focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  // Go to a field of the item one is at, opening it first.
  const opened = (query) => {
    const li = here();
    if (!li) return;
    const field = $(query, li);
    if (field) return field.focus();
    show(li, query);
  };
  const column = (name) => {
    body.dataset.column = name;
    $(`input[name=column][value=${name}]`).checked = true;
    $("." + name).focus();
  };
  // Who speaks to her machine, or presses keys by mistake, does without those of one letter (WCAG 2.2, 2.1.4).
  const letters = () => localStorage.getItem("desk:letters") !== "off";
  $("[data-letters]").checked = letters();
  const keys = {
    j: () => walk(1), k: () => walk(-1),
    p: () => here() && does.pin(here()), d: () => here() && does.drop(here()),
    s: () => opened("[data-pick=section]"), m: () => opened("[data-pick=join]"), r: () => opened("[data-line], [data-hand]"),
    a: () => editable() && does.add(), "?": () => does.keys(),
    "/": () => { tab("candidates"); column("side"); $("#find").focus(); },
    1: () => column("plan"), 2: () => column("view"), 3: () => { tab("candidates"); column("side"); }, 4: () => { tab("history"); column("side"); },
    w: () => { const all = $$("input[name=width]"); all[(all.findIndex((each) => each.checked) + 1) % all.length].checked = true; look(); },
    n: () => { $(`input[name=look][value=${chosen("look") === "dark" ? "light" : "dark"}]`).checked = true; look(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=radio]), textarea, select"), key = event.key;
    if ($("dialog[open]")) return;
    const menu = key === "Escape" && $(".me[open]");
    if (menu) { menu.open = false; return $("summary", menu).focus(); }
    if (key === "Escape" && open) { event.preventDefault(); if (typing) typing.blur(); return close(); }
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      return $(event.shiftKey ? ".tools [data-do=redo]" : ".tools [data-do=undo]").click();
    }
    if (typing && key === "Enter" && typing.matches("[data-word=headline], input[data-word], input[data-whole]")) { event.preventDefault(); return words(typing); }
    if (event.altKey && (key === "ArrowUp" || key === "ArrowDown") && here()) {
      event.preventDefault();
      return place(here(), +here().dataset.place + (key === "ArrowUp" ? -1 : 1));
    }
    const tabs = event.target.closest("[role=tab]") && $$("#tabs [role=tab]"), step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (tabs && step) {
      const to = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
      tab(to.id.slice(4));
      return to.focus();
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !letters()) return;
    const press = keys[key.toLowerCase()];
    if (press) { event.preventDefault(); press(); }
  });

  // Lengths and the inbox line as one types

  document.addEventListener("input", (event) => {
    const field = event.target, name = field.dataset.word || field.dataset.whole;
    const counter = name && $(`[data-count=${name}]`, field.closest("label"));
    if (!counter) return;
    const most = +field.dataset.most;
    counter.textContent = most ? `${field.value.length} of ${most}` : `${field.value.length} characters`;
    counter.classList.toggle("over", most > 0 && field.value.length > most);
    if (field.dataset.whole) $$(`[data-show=${name}]`).forEach((each) => { each.textContent = field.value; });
  });

  // Drag

  const spot = (list, each) => $$(":scope > [data-id]", list).indexOf(each) + 1;
  // A finger that moves at once scrolls; one that rests first drags.
  const DRAG = { animation: 0, delay: 250, delayOnTouchOnly: true, touchStartThreshold: 5, preventOnFilter: false };
  const sortable = () => {
    if (!editable()) return;
    for (const list of $$(".items")) {
      if (Sortable.get(list)) continue;
      Sortable.create(list, {
        ...DRAG, group: "items", draggable: ".it", filter: "input, textarea, select",
        onEnd: (event) => {
          const li = event.item, section = event.to.dataset.section;
          if (event.from === event.to && event.oldIndex === event.newIndex) return;
          post({ kind: li.dataset.pinned === "1" ? "pin" : "move", target: li.dataset.id, section, place: spot(event.to, li) });
        },
      });
    }
    const pool = $("#candidates");
    if (pool && !Sortable.get(pool)) {
      Sortable.create(pool, {
        ...DRAG, group: { name: "items", pull: "clone", put: false }, sort: false, draggable: ".ca", filter: "button",
        onEnd: (event) => {
          if (event.from === event.to) return;
          const id = event.item.dataset.id, at = spot(event.to, event.item);
          event.item.remove();
          post({ kind: "move", target: id, section: event.to.dataset.section, place: at });
        },
      });
    }
  };
  document.addEventListener("htmx:afterSettle", sortable);
  body.dataset.column = "plan";
  sortable();
})();
