// Search of the static archive: asks Pagefind's index span by span, newest first, and shows what it finds.
// Words are folded as digest/model/searching.py folds them; the index holds them so.

const form = document.getElementById("_search");
const field = document.getElementById("_q");
const said = document.getElementById("_said");
const list = document.getElementById("_hits");
const more = document.getElementById("_more");
const narrow = ["section", "source", "year"].map((name) => form.elements.namedItem(name));
const here = new URL(".", location.href);
const root = new URL(form.dataset.root, here);
const language = document.documentElement.lang || "en";
const STEP = 20; // stories shown at once
const FIRST = 8; // the first of them
const AT_ONCE = [2, 4]; // spans asked together where the newest has too few, and where these have; then all others
const SPAN = 1500; // stories that are many
const PAUSE_MS = 100; // without a key before an answer is sought
const ENOUGH = 8; // so many matches in a row without the words: those after them have them neither

const unspaced = /[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u{20000}-\u{3ffff}]+/gu;
const isUnspaced = (text) => text.search(unspaced) >= 0;
const wordly = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’][\p{L}\p{N}\p{M}]+)?/gu;
const optional = /[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc]/g;
const arabic = { "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه" };
const letters = { "ß": "ss", "ø": "o", "ł": "l", "đ": "d" };

function fold(text) {
  let word = text.normalize("NFKC").toLowerCase().replace(optional, "");
  word = word.replace(/['’]s?$/, "").replace(/^(?:[cdjlmnst]|qu|dell|nell|sull|un)['’](?=.)/, "");
  if (isUnspaced(word)) return word;
  if (word.length < 2 && !/\d/.test(word)) return "";
  if (word.length > 4 && word.endsWith("ies")) word = word.slice(0, -3) + "y";
  else if (word.length > 3 && word.endsWith("s") && !word.endsWith("ss")) word = word.slice(0, -1);
  if (/[\u0600-\u06ff]/.test(word)) {
    return word.replace(/[أإآٱىة]/g, (each) => arabic[each]).replace(/^(?:[وفبك]?ال(?=.{2})|لل(?=.{2}))/, "");
  }
  const bare = word.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/['’]/g, "").normalize("NFC");
  return bare.replace(/[ßøłđ]/g, (each) => letters[each]);
}

// A text as runs of terms: a word alone, or the pairs of characters of an unspaced run, which stand together.
function runs(text) {
  const found = [];
  for (const [word] of text.normalize("NFC").matchAll(wordly)) {
    let end = 0;
    for (const run of word.matchAll(unspaced)) {
      found.push(...runs(word.slice(end, run.index)));
      const marks = [...run[0]];
      found.push(marks.length === 1 ? marks : marks.slice(1).map((mark, place) => marks[place] + mark));
      end = run.index + run[0].length;
    }
    const rest = end ? word.slice(end) : word;
    if (end && rest) found.push(...runs(rest));
    else if (rest && fold(rest)) found.push([fold(rest)]);
  }
  return found;
}

// What was typed -> {query: for Pagefind, wanted: runs of terms, out: runs that must not be there}
function understand(text, common) {
  const wanted = [];
  const out = [];
  const phrases = [];
  for (const piece of text.slice(0, 500).matchAll(/(?<!\S)(-)?(?:"([^"]*)"?|([^\s"]+))|"([^"]*)"?|([^\s"]+)/g)) {
    const phrase = piece[2] ?? piece[4];
    const found = runs(phrase ?? piece[3] ?? piece[5] ?? "");
    if (phrase !== undefined && found.length) found.splice(0, found.length, found.flat());
    (piece[1] ? out : wanted).push(...found);
    if (!piece[1]) phrases.push(...found.filter((run) => run.length > 1));
  }
  const telling = wanted.filter((run) => run.length > 1 || !common.has(run[0]));
  const kept = telling.length ? telling : wanted;
  const terms = [...new Set(kept.flat())].slice(0, 24).join(" ");
  // Pagefind knows quotes around a whole question only; else what stands together is looked for in what it finds.
  const query = kept.length === 1 && kept[0].length > 1 ? `"${kept[0].join(" ")}"` : terms;
  return { query, wanted: kept, out, phrases, checked: phrases.length + out.length > (query === terms ? 0 : 1) };
}

// Whether a story holds the words that were asked for. Pagefind takes a shorter word where it does not know one, and
// cannot be asked for words that must not be there. What it kept of a story are the folded terms.
function holds(found, asked) {
  const terms = found.content.split(/[\s.]+/);
  const text = ` ${terms.join(" ")} `;
  const together = (run) => text.includes(` ${run.join(" ")} `);
  return {
    words: asked.wanted.every((run) => run.length > 1 || terms.some((term) => term.startsWith(run[0]))),
    all: asked.phrases.every(together) && !asked.out.some(together),
  };
}

// A text as nodes, the words that were asked for marked.
function marked(text, asked) {
  const made = document.createDocumentFragment();
  const singles = asked.wanted.flat().filter((term) => !isUnspaced(term));
  const whole = asked.wanted.filter((run) => isUnspaced(run[0]))
    .map((run) => run[0] + run.slice(1).map((pair) => [...pair].at(-1)).join(""));
  const spans = [];
  for (const word of text.matchAll(wordly)) {
    if (isUnspaced(word[0])) {
      const folded = word[0].normalize("NFKC").toLowerCase();
      for (const each of folded.length === word[0].length ? whole : []) {
        for (let at = folded.indexOf(each); at >= 0; at = folded.indexOf(each, at + each.length)) {
          spans.push([word.index + at, word.index + at + each.length]);
        }
      }
    } else if (singles.some((term) => fold(word[0]).startsWith(term))) {
      spans.push([word.index, word.index + word[0].length]);
    }
  }
  let end = 0;
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    if (from < end) continue;
    made.append(text.slice(end, from));
    made.append(Object.assign(document.createElement("mark"), { textContent: text.slice(from, to) }));
    end = to;
  }
  made.append(text.slice(end));
  return made;
}

function element(name, values, ...children) {
  const made = Object.assign(document.createElement(name), values);
  made.append(...children);
  return made;
}

function shown(told, asked) {
  const item = element("li", { className: "item", lang: told.l ?? language });
  if (told.k) item.append(element("span", { className: "kick", dir: "auto" }, marked(told.k, asked)));
  const link = element("a", { href: new URL(told.u, root).href }, marked(told.h, asked));
  item.append(element("h2", { className: "head", dir: "auto" }, link));
  if (told.t) item.append(element("p", { className: "tease", dir: "auto" }, marked(told.t, asked)));
  const time = element("time", { dateTime: told.d }, told.w);
  const by = element("p", { className: "by", lang: language }, time);
  for (const text of [told.n, told.s]) if (text) by.append(" · ", element("bdi", {}, text));
  item.append(by);
  return item;
}

let loading; // settles once whoever loads the code that all engines of a kind share has it, or not
let loaded; // whose code is there

// An engine that may be asked. Pagefind's worker says that it has begun before it has its code, and code that comes
// twice at a time takes the memory of whoever had it first: then stories are not found, without a word. So the first
// engine has it before another begins: an empty question is answered once it is there, and loads nothing.
async function begun(engine, basePath) {
  while (loading) await loading;
  const index = engine.createInstance({ basePath });
  if (loaded === engine) {
    await index.init();
    return index;
  }
  const ready = index.init().then(() => index.preload(""));
  loading = ready.then(() => { loaded = engine; }, () => {}).then(() => { loading = undefined; });
  await ready;
  return index;
}

// Stories of a year, or of its last months: some of the index's parts behind one engine.
class Span {
  constructor(year, engine) {
    this.year = year;
    this.engine = engine;
    this.stories = 0;
    this.paths = [];
  }

  add({ path, stories }) {
    this.paths.push(new URL(`${path}/`, here).pathname);
    this.stories += stories;
  }

  ready() {
    this.opening ??= (async () => {
      const [first, ...others] = this.paths;
      const index = await begun(this.engine, first);
      await Promise.all(others.map((path) => index.mergeIndex(path)));
      return index;
    })();
    this.opening.catch(() => { this.opening = undefined; });
    return this.opening;
  }

  async ask(asked, filters) {
    return (await (await this.ready()).search(asked.query, { filters })).results;
  }

  // Have what answers a question loaded.
  async expect(asked, filters) {
    await (await this.ready()).preload(asked.query, { filters });
  }
}

// Parts in spans, newest first. A search takes as long as many stories fit, so the newest months stand alone where
// they are many: they are asked first, and often enough alone.
function spans(parts, engine) {
  const made = [];
  let apart = true;
  for (const part of parts) {
    const last = made.at(-1);
    const full = apart && last?.stories >= SPAN;
    if (full || last?.year !== part.year) made.push(new Span(part.year, engine));
    if (full) apart = false;
    made.at(-1).add(part);
  }
  return made;
}

let opening;
let preparing;
function opened() {
  opening ??= fetch(new URL("parts.json", here)).then(async (answer) => {
    if (!answer.ok) throw new Error(`parts.json: ${answer.status}`);
    const { parts, common } = await answer.json();
    const engine = parts.length ? await import(new URL(`${parts[0].path}/pagefind.js`, here).href) : null;
    return { spans: spans(parts, engine), common: new Set(common) };
  });
  opening.catch(() => { opening = undefined; });
  return opening;
}

// Have the newest stories ready before anybody has typed a word.
async function warm() {
  const newest = (await opened()).spans[0];
  if (newest) await newest.ready();
  form.dataset.warm = "";
}
warm().catch(() => {}); // what fails is tried again, and told, once something is asked

let turn = 0;
let state;

function tell() {
  // While some are not looked at, their number is a guess where words must stand together, or older years were not asked.
  const open = state.left.length || (state.waiting.length && state.dropped) ? "+" : "";
  const count = new Intl.NumberFormat(language).format(state.found);
  said.textContent = state.found || open ? form.dataset.found.replace("{count}", count + open) : form.dataset.none;
  more.hidden = !(state.waiting.length || state.left.length);
}

// Ask the next spans of those that are left, newest first.
async function older(mine, count) {
  const next = state.left.splice(0, count);
  const answers = await Promise.all(next.map((span) => span.ask(state.understood, state.filters)));
  if (mine !== turn) return;
  for (const results of answers) {
    state.found += results.length;
    state.waiting.push(...results);
  }
}

// Show so many stories more; older ones are asked only as far as that needs.
async function show(mine, wanted) {
  let made = 0;
  let missed = 0;
  let round = 0;
  while (made < wanted && (state.waiting.length || state.left.length)) {
    if (!state.waiting.length) {
      await older(mine, AT_ONCE[round] ?? state.left.length);
      round += 1;
      if (mine !== turn) return;
      continue;
    }
    const some = state.waiting.splice(0, (wanted - made) * (state.understood.checked ? 4 : 1));
    const data = await Promise.all(some.map((result) => result.data()));
    if (mine !== turn) return;
    for (const [place, each] of data.entries()) {
      if (made === wanted) {
        state.waiting.unshift(...some.slice(place));
        break;
      }
      const { words, all } = holds(each, state.understood);
      missed = words ? 0 : missed + 1;
      if (!words || !all) {
        state.found -= 1;
        state.dropped = true;
        continue;
      }
      list.append(shown(JSON.parse(each.meta.told), state.understood));
      made += 1;
    }
    if (missed >= ENOUGH) {
      state.found -= state.waiting.length;
      state.waiting = [];
      missed = 0;
    }
  }
  tell();
}

// What is asked by now: {understood, filters, left: the spans that may hold it, newest first}
async function asking() {
  const { spans, common } = await opened();
  const understood = understand(field.value, common);
  const [section, source, year] = narrow.map((each) => each.value);
  const filters = {};
  if (section) filters.section = section;
  if (source) filters.source = source;
  return { understood, filters, left: spans.filter((each) => !year || String(each.year) === year) };
}

// While somebody types: have the words looked up in the newest span, and the older ones opened, one after the other.
async function prepare() {
  const { understood, filters, left: [first] } = await asking();
  if (first && understood.query) await first.expect(understood, filters);
  else if (first) await first.ready();
  if (navigator.connection?.saveData) return;
  preparing ??= opened().then(async ({ spans }) => {
    for (const span of spans) await span.ready();
  }).catch(() => { preparing = undefined; });
}

// `since` is when the reader pressed a key or chose something. What fails is tried once more, with the index as it is by
// then: a part that was made anew meanwhile is another one, and an engine keeps what it could not load.
async function search(since, isFirst = true) {
  const mine = ++turn;
  delete form.dataset.took;
  const given = [field, ...narrow].map((each) => [each.name, each.value.trim()]).filter(([, value]) => value);
  history.replaceState(null, "", given.length ? `?${new URLSearchParams(given)}` : location.pathname);
  if (!field.value.trim()) {
    list.replaceChildren();
    said.textContent = "";
    more.hidden = true;
    return;
  }
  try {
    const { understood, filters, left } = await asking();
    if (mine !== turn) return;
    if (!understood.query) left.length = 0;
    const fresh = { understood, filters, left, waiting: [], found: 0, dropped: false };
    list.setAttribute("aria-busy", "true");
    // The old answer stays until the first of the new one is there.
    const first = left.shift();
    if (first) {
      fresh.waiting = await first.ask(understood, filters);
      if (mine !== turn) return;
      fresh.found = fresh.waiting.length;
    }
    state = fresh;
    list.replaceChildren();
    await show(mine, FIRST);
    if (mine !== turn) return;
    form.dataset.took = String(Math.round(performance.now() - since));
    await show(mine, STEP - list.children.length);
    // The whole year is counted.
    while (mine === turn && first && state.left[0]?.year === first.year) {
      await older(mine, 1);
      if (mine === turn) tell();
    }
  } catch (error) {
    if (mine !== turn) return;
    console.error(error);
    opening = preparing = undefined;
    if (isFirst) return search(since, false);
    said.textContent = form.dataset.failed;
  } finally {
    if (mine === turn) list.removeAttribute("aria-busy");
  }
}

let typing;
form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); search(event.timeStamp); });
field.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(search, PAUSE_MS, event.timeStamp);
  prepare().catch(() => {});
});
// A hand at the field means a question soon; what is pasted comes with no key before it but Ctrl.
for (const sign of ["keydown", "pointerdown"]) field.addEventListener(sign, () => { prepare().catch(() => {}); }, { once: true });
for (const each of narrow) {
  each.addEventListener("change", (event) => {
    search(event.timeStamp);
    prepare().catch(() => {});
  });
}
more.addEventListener("click", async () => {
  const before = list.children.length;
  const mine = turn;
  await show(mine, STEP);
  if (mine === turn) list.children[before]?.querySelector("a").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const at = document.activeElement;
  if (event.key === "/" && !at?.matches("input, select, textarea")) {
    event.preventDefault();
    field.focus();
    field.select();
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (at === field || list.contains(at))) {
    const links = [...list.querySelectorAll("h2 a")];
    const next = links.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1);
    const target = next < 0 ? field : links[Math.min(next, links.length - 1)];
    if (target && target !== at) { event.preventDefault(); target.focus(); }
  }
});

// A link here may hold a question; what the server answered already stays until it changes.
const given = new URLSearchParams(location.search);
if (given.get("q") && !("answered" in list.dataset)) {
  field.value = given.get("q");
  for (const each of narrow) {
    const value = given.get(each.name) ?? "";
    if ([...each.options].some((option) => option.value === value)) each.value = value;
  }
  search(performance.now());
}
form.dataset.ready = "";
