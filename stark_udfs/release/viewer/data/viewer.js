"use strict";
// Text comes from models and from the web: it enters the page as text nodes and as values of known attributes only.
(() => {
  const root = document.body.dataset.root;
  const app = document.getElementById("app");
  const stored = document.getElementById("data");
  const data = stored ? JSON.parse(stored.textContent) : null;
  const LONG = 1500;
  const MAX_LISTED = 200;

  function el(tag, options, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(options || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "class") node.className = value;
      else if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }
  const said = (text, tag = "span", kind = null) => el(tag, { dir: "auto", class: `said ${kind || ""}`.trim() }, String(text ?? ""));
  // In titles and labels there is no isolation: what turns the direction of writing is left out there.
  const label = (text) => String(text ?? "").replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  const number = (value) => Number(value || 0).toLocaleString("en");
  const words = (name) => String(name ?? "").replaceAll("_", " ");

  function long(text, kind) {
    const whole = String(text ?? "");
    if (whole.length <= LONG) return said(whole, "div", kind);
    const part = said(`${whole.slice(0, LONG)}…`, "div", kind);
    const more = el("button", { type: "button", class: "more" }, `Show all ${number(whole.length)} characters`);
    more.addEventListener("click", () => { part.textContent = whole; more.remove(); part.focus(); });
    part.tabIndex = -1;
    return el("div", {}, part, more);
  }

  const file = (path) => `${root}files/${String(path).split("/").map(encodeURIComponent).join("/")}`;
  const page = (id) => (data ? `${data.page === "list" ? "episode/" : ""}${encodeURIComponent(String(id).replaceAll(":", "_"))}.html` : `/episode/${encodeURIComponent(id)}`);
  const home = () => (data ? `${root}index.html` : "/");

  function picture(path, description, kind, size) {
    const nothing = (why) => el("div", { class: `${kind} gone`, role: "img", "aria-label": `No picture: ${label(description)}` }, el("span", {}, why));
    if (!path) return nothing("no picture");
    const image = el("img", { class: kind, src: file(path), alt: label(description), loading: "lazy", decoding: "async", width: size && size.width, height: size && size.height });
    image.addEventListener("error", () => image.replaceWith(nothing("the picture's file is missing")), { once: true });
    return image;
  }

  function date(value) {
    const found = new Date(`${value}T12:00:00Z`);
    return Number.isNaN(found.getTime()) ? String(value) : found.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  }

  function failed(message) {
    app.replaceChildren(el("main", { id: "main", class: "wait" }, el("h1", {}, "This cannot be shown"), said(message, "p"), el("p", {}, el("a", { href: home() }, "All episodes"))));
  }

  async function fetched(url) {
    const reply = await fetch(url);
    const found = await reply.json();
    if (!reply.ok) throw new Error(found.error || `the server answered ${reply.status}`);
    return found;
  }

  // ---- the list

  const FILTERS = [["country", "residence", "Country"], ["band", "band", "Age"], ["gender", "gender", "Gender"], ["category", "category", "Category"]];

  function list() {
    const query = new URLSearchParams(location.search);
    const state = Object.fromEntries([...FILTERS.map(([name]) => name), "text", "page"].map((name) => [name, query.get(name) || ""]));
    const search = el("input", { type: "search", id: "text", placeholder: data ? "name, persona, life …" : "name, persona, life, or what is said …", maxlength: 100, autocomplete: "off", "aria-label": "Search" });
    search.value = state.text;
    const filters = el("form", { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } }, search);
    const status = el("p", { class: "count", role: "status" });
    const rows = el("ul", { class: "episodes" });
    const pager = el("nav", { class: "pager", "aria-label": "Pages" });
    app.replaceChildren(el("header", { class: "top" }, el("h1", {}, "Episodes"), filters), el("main", { id: "main", class: "list" }, status, rows, pager));
    let timer = 0;
    let asked = 0;
    const again = () => { state.page = ""; show(); };
    search.addEventListener("input", () => { state.text = search.value; clearTimeout(timer); timer = setTimeout(again, 250); });

    function choices(found) {
      for (const [name, column, title] of FILTERS) {
        const select = el("select", { id: name, "aria-label": title }, el("option", { value: "" }, `${title}: all`));
        for (const value of found[column] || []) select.append(el("option", { value }, name === "band" ? `${value}–${Number(value) + 9}` : label(value)));
        select.value = state[name];
        select.addEventListener("change", () => { state[name] = select.value; again(); });
        filters.append(select);
      }
    }

    async function show() {
      const mine = ++asked;
      const given = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
      if (location.protocol !== "file:") history.replaceState(null, "", given.size ? `?${given}` : location.pathname);
      try {
        const found = data ? narrowed(state) : await fetched(`/api/episodes?${given}`);
        if (mine !== asked) return;
        if (!filters.querySelector("select")) choices(found.choices);
        status.textContent = found.total === 1 ? "1 episode" : `${number(found.total)} episodes${data && data.all > data.episodes.length ? ` of the ${number(data.episodes.length)} that were written, of ${number(data.all)}` : ""}`;
        rows.replaceChildren(...found.episodes.map(card));
        const pages = Math.max(1, Math.ceil(found.total / found.size));
        pager.replaceChildren(...(pages > 1 ? pagers(found.page, pages) : []));
      } catch (error) { if (mine === asked) { status.textContent = label(error.message); rows.replaceChildren(); } }
    }

    function pagers(current, pages) {
      const go = (to) => () => { state.page = String(to); show(); scrollTo(0, 0); };
      return [
        el("button", { type: "button", disabled: current <= 1, on: { click: go(current - 1) } }, "Earlier"),
        el("span", {}, `page ${current} of ${number(pages)}`),
        el("button", { type: "button", disabled: current >= pages, on: { click: go(current + 1) } }, "Later"),
      ];
    }
    show();
    keys({ "/": () => search.focus(), j: () => step(rows, 1), k: () => step(rows, -1) });
  }

  function step(rows, by) {
    const links = [...rows.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  }

  function narrowed(state) {
    const text = state.text.toLowerCase().trim();
    const fits = (one) => (!state.country || one.residence === state.country) && (!state.gender || one.gender === state.gender)
      && (!state.category || one.category === state.category) && (!state.band || Math.floor(one.age / 10) * 10 === Number(state.band))
      && (!text || [one.name, one.narrative, one.sentence, one.category, one.episode_id].join("\n").toLowerCase().includes(text));
    const found = data.episodes.filter(fits);
    const current = Math.max(1, Number(state.page) || 1);
    return { episodes: found.slice((current - 1) * 50, current * 50), total: found.length, page: current, size: 50, choices: data.choices };
  }

  function card(one) {
    return el("li", {}, el("a", { href: page(one.episode_id), class: "card" },
      one.face ? picture(one.face, "", "small") : el("span", { class: "small gone", "aria-hidden": "true" }, label(one.name).slice(0, 1)),
      el("span", { class: "about" },
        el("span", { class: "name" }, said(one.name), el("span", { class: "facts" }, `${one.age}, `, said(one.gender), ", ", said(one.residence))),
        said(one.sentence || one.narrative, "span", "persona"),
        el("span", { class: "facts" }, said(one.category), one.category ? " · " : "", one.sessions ? `${one.sessions} sessions` : "no session yet"))));
  }

  // ---- an episode

  function episode(found, calls) {
    const person = found.person;
    document.title = `${label(person.name)} – episode`;
    const images = new Map();
    for (const one of found.images) if (one.chosen) images.set(one.image_id, one);
    const plans = new Map(found.plans.map((one) => [one.image_id, one]));
    const tried = new Map();
    for (const one of found.images) tried.set(one.image_id, [...(tried.get(one.image_id) || []), one]);
    const context = { found, images, plans, tried, calls, dialog: null };
    const steps = el("nav", { class: "steps", "aria-label": "Episodes" },
      el("a", { href: home(), class: "home" }, "All episodes"),
      el("span", {},
        found.before ? el("a", { href: page(found.before), rel: "prev" }, "Previous") : null,
        found.after ? el("a", { href: page(found.after), rel: "next" }, "Next") : null,
        el("button", { type: "button", class: "quiet", "aria-label": "Keys", on: { click: help } }, "?")));
    const panels = [
      ["timeline", "Timeline", timeline(context)], ["album", "Album", album(context)], ["probes", "Probes", probes(found)],
      ["verdicts", "Verdicts", verdicts(found)], ["lineage", "Lineage", lineage(context)], ["rejects", "Rejects", rejects(found)],
    ].filter(([, , content]) => content);
    const jump = el("nav", { class: "jump", "aria-label": "On this page" }, el("a", { href: "#conversation" }, "Conversation"), panels.map(([id, title]) => el("a", { href: `#${id}` }, title)));
    app.replaceChildren(
      el("header", { class: "top" }, steps, profile(context), jump),
      el("main", { id: "main", class: "episode" },
        el("section", { id: "conversation", class: "phone", "aria-label": "Conversation" }, conversation(context)),
        el("div", { class: "side" }, panels.map(([id, title, content]) => el("section", { id, "aria-labelledby": `${id}-h` }, el("h2", { id: `${id}-h` }, title), content)))));
    if (location.hash) { const target = document.getElementById(location.hash.slice(1)); if (target) target.scrollIntoView(); }
    const go = (link) => () => { const target = document.querySelector(link); if (target) location.href = target.href; };
    keys({ j: () => nextSession(1), k: () => nextSession(-1), n: go("a[rel=next]"), p: go("a[rel=prev]"), u: () => { location.href = home(); }, "?": help });
  }

  function nextSession(by) {
    const all = [...document.querySelectorAll(".session > header")];
    const edge = document.querySelector("header.top").getBoundingClientRect().bottom;
    const places = all.map((one) => one.getBoundingClientRect().top);
    const at = by > 0 ? places.findIndex((top) => top > edge + 30) : places.findLastIndex((top) => top < edge - 5);
    const target = all[at];
    if (target) { target.scrollIntoView({ block: "start" }); target.tabIndex = -1; target.focus({ preventScroll: true }); }
  }

  function profile({ found }) {
    const one = found.person;
    return el("div", { class: "profile" },
      found.face || one.face ? picture((found.face || {}).path || one.face, `Face of ${label(one.name)}: ${label((found.face || {}).description)}`, "face") : el("span", { class: "face gone", role: "img", "aria-label": "No face" }, label(one.name).slice(0, 1)),
      el("div", {}, said(one.name, "h1"),
        el("p", { class: "facts" }, `${one.age}, `, said(one.gender), ", born in ", said(one.birthplace), ", lives in ", said(one.residence)),
        long(one.narrative, "narrative")));
  }

  function conversation(context) {
    const { found } = context;
    if (!found.sessions.length) return el("p", { class: "nothing" }, "This episode has no session yet: what is known of it stands beside this.");
    const memories = new Map(found.summaries.map((one) => [one.session_number, one.summary]));
    return found.sessions.map((one) => session(context, one, memories.get(one.session_number)));
  }

  function session(context, one, summary) {
    const event = (context.found.events || []).find((other) => other.event_id === one.event_id);
    const title = `session-${one.session_number}`;
    return el("article", { class: "session", id: title, "aria-labelledby": `${title}-h` },
      one.interval ? el("p", { class: "later" }, el("span", {}, said(one.interval), " later")) : null,
      el("header", {}, el("h2", { id: `${title}-h` }, `Session ${one.session_number}`), el("p", { class: "date" }, date(one.session_date)),
        event ? said(event.event, "p", "event") : null,
        one.experience ? el("p", { class: "experience" }, el("b", {}, one.experience_op === "update" ? "Changed since: " : "Since then: "), said(one.experience)) : null,
        behind(context, "sessions", context.found.id, one.session_number - 1, "Prompt and reply")),
      el("ol", { class: "turns" }, (one.turns || []).map((turn) => bubble(context, one, turn))),
      summary ? el("details", { class: "memory" }, el("summary", {}, "Memory after this session"), long(summary), behind(context, "summaries", context.found.id, one.session_number - 1, "Prompt and reply")) : null);
  }

  function bubble(context, session_, turn) {
    const assistant = turn.speaker === "AI Assistant";
    return el("li", { class: assistant ? "assistant" : "user" },
      el("div", { class: "bubble" }, said(turn.speaker, "span", "speaker"),
        turn.text ? long(turn.text, "text") : null,
        (turn.images || []).map((image) => shared(context, image))));
  }

  function shared(context, image) {
    const chosen = context.images.get(image.image_id);
    const plan = context.plans.get(image.image_id);
    const from = image.source === "mobile" ? (image.reused ? "from the phone, shared before" : "from the phone") : "from the internet";
    return el("figure", {}, picture(chosen && chosen.path, image.description, "shared", chosen),
      el("figcaption", {}, said(image.description),
        el("span", { class: "facts" }, from, chosen ? ` · ${label(chosen.module)}` : "", chosen && chosen.licence ? [" · ", said(chosen.licence)] : null),
        el("details", {}, el("summary", {}, "About this image"), about(context, image, plan))));
  }

  function about(context, image, plan) {
    const tried = context.tried.get(image.image_id) || [];
    return el("dl", {},
      row("why here", image.rationale), row("keywords", (image.keywords || []).join(", ")), row("category", image.category),
      plan ? [row("module", plan.why ? `${plan.module} (planned: ${plan.planned}; ${words(plan.why)})` : plan.module), row("prompt", plan.prompt)] : null,
      tried.length ? [el("dt", {}, "candidates"), el("dd", {}, el("ul", { class: "plain" }, tried.map((one) => el("li", {}, `${one.candidate}. ${label(one.module)}: `, one.chosen ? el("b", {}, "chosen") : words(one.why_not), one.score === null || one.score === undefined ? "" : `, score ${Number(one.score).toFixed(2)}`))))] : null,
      row("id", image.image_id),
      el("dd", { class: "wide" }, behind(context, "image_plans", image.image_id, null, "Its plan"), behind(context, "images", image.image_id, null, "Its making")));
  }

  const row = (name, value) => (value === null || value === undefined || value === "" ? null : [el("dt", {}, words(name)), el("dd", {}, said(value))]);

  function timeline(context) {
    const { found } = context;
    if (!found.events || !found.events.length) return null;
    const shown = new Map(found.sessions.map((one) => [one.event_id, one.session_number]));
    return el("div", {}, el("ol", { class: "timeline" }, found.events.map((one) => {
      const cause = one.caused_by;
      return el("li", { id: `event-${Number(one.event_id)}` }, el("p", { class: "date" }, date(one.date), shown.has(one.event_id) ? [" · ", el("a", { href: `#session-${shown.get(one.event_id)}` }, `session ${shown.get(one.event_id)}`)] : ""),
        said(one.event, "p"),
        cause ? el("p", { class: "cause" }, "caused by ", el("a", { href: `#event-${Number(cause.event_id)}` }, `event ${Number(cause.event_id)}`), ", ", said(cause.interval), " before. ", el("i", {}, cause.experience_op === "update" ? "changed: " : "new: "), said(cause.experience)) : null);
    })), behind(context, "events", found.id, null, "Prompt and reply"));
  }

  function album(context) {
    const { found } = context;
    if (!found.album || !found.album.length) return null;
    return el("div", {}, el("ul", { class: "album" }, found.album.map((one) => {
      const chosen = context.images.get(one.image_id);
      return el("li", {}, el("figure", {}, picture(chosen && chosen.path, one.description, "thumb", chosen), el("figcaption", {}, said(one.description), el("details", {}, el("summary", {}, "About this image"), about(context, one, context.plans.get(one.image_id))))));
    })), behind(context, "albums", found.id, null, "Prompt and reply"));
  }

  function probes(found) {
    if (!found.probes.length) return found.missing.includes("probes") ? el("p", { class: "nothing" }, "No memory probes were made in this warehouse.") : el("p", { class: "nothing" }, "This episode has no memory probes.");
    return el("ul", { class: "plain" }, found.probes.slice(0, MAX_LISTED).map((one) => el("li", { class: "probe" },
      el("span", { class: "chip" }, words(one.kind)), said(one.question, "p", "question"), el("details", {}, el("summary", {}, "Answer"), fields(one, ["kind", "question", "episode_id"])))));
  }

  function fields(one, but) {
    return el("dl", {}, Object.entries(one).filter(([name]) => !but.includes(name)).map(([name, value]) => row(name, lines(value))));
  }

  // Lists as lines; of an object its values, as "coherence: …".
  function lines(value) {
    const one = (part) => (part !== null && typeof part === "object" ? Object.values(part).map((text, place) => (place ? String(text) : words(text))).join(": ") : String(part));
    if (Array.isArray(value)) return value.map(one).join("\n");
    return value !== null && typeof value === "object" ? one(value) : value;
  }

  function verdicts(found) {
    const tables = ["judgements", "moderations", "consistency"].filter((name) => found[name].length);
    if (!tables.length) return el("p", { class: "nothing" }, "This episode was not judged or moderated.");
    return tables.map((name) => {
      const rows = name === "consistency" ? found[name].filter((one) => one.found) : found[name];
      const title = name === "consistency" ? `consistency: ${rows.length} faults in ${found[name].length} checks` : `${words(name)} (${rows.length})`;
      const listed = rows.slice(0, MAX_LISTED).map((one) => el("li", {}, fields(one, ["episode_id", "judgement_id", "found"])));
      return el("details", { open: name === "judgements" }, el("summary", {}, title), rows.length ? el("ul", { class: "plain" }, listed) : el("p", { class: "nothing" }, "Each session agrees with its episode."));
    });
  }

  function lineage(context) {
    const { found } = context;
    const one = found.lineage;
    if (!one) return el("p", { class: "nothing" }, "The tables that this episode comes from are not all there.");
    const step_ = (title, text, id, button) => el("li", {}, el("b", {}, title), " ", said(text), " ", el("code", {}, label(id)), button || null);
    return el("ol", { class: "lineage" },
      step_("Seed", `${found.person.age}, ${found.person.gender}, born in ${found.person.birthplace}, lives in ${found.person.residence} (${words(one.origin)})`, one.demographic_id),
      step_("Persona", `${one.sentence} (${one.category}: ${one.entity_value})`, one.persona_id, behind(context, "personas", one.seed_id, null, "Prompt and reply")),
      step_("Commonsense", `${one.relation}: ${one.inference}`, one.commonsense_id, behind(context, "commonsense", one.commonsense_id, null, "Prompt and reply")),
      step_("Narrative", found.person.narrative, found.id, behind(context, "narratives", found.id, null, "Prompt and reply")),
      step_("Face", found.face ? found.face.description : "none", found.face ? found.face.source : "", found.face ? behind(context, "faces", found.id, null, "Its making") : null),
      el("li", {}, el("b", {}, "Written by"), " ", said(one.provider)));
  }

  function rejects(found) {
    if (!found.rejects.length) return el("p", { class: "nothing" }, "Nothing was dropped on the way to this episode.");
    return el("ul", { class: "plain" }, found.rejects.slice(0, MAX_LISTED).map((one) => el("li", {}, el("span", { class: "chip warn" }, words(one.reason)), ` ${label(one.stage)}, rule of: ${label(one.origin)}`, long(one.detail))));
  }

  // ---- prompts and replies

  function behind(context, stage, unit, round, title) {
    if (!unit) return null;
    return el("button", { type: "button", class: "behind", on: { click: () => open(context, stage, unit, round) } }, title);
  }

  async function open(context, stage, unit, round) {
    const body = el("div", { class: "calls" }, el("p", { role: "status" }, "Reading …"));
    const close = el("button", { type: "button", class: "close" }, "Close");
    const dialog = el("dialog", { "aria-labelledby": "calls-h" }, el("header", {}, el("h2", { id: "calls-h" }, `${words(stage)}${round === null ? "" : `, session ${round + 1}`}: prompt and reply`), close), body);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    try {
      context.calls = context.calls || (await fetched(`/api/calls/${encodeURIComponent(context.found.id)}`));
      const found = context.calls.filter((one) => one.stage === stage && one.unit_key === unit && (round === null || one.round === round));
      body.replaceChildren(...(found.length ? found.map(call) : [el("p", {}, "No reply is stored for this: it was made without a call, or the reply is kept elsewhere.")]));
    } catch (error) { body.replaceChildren(said(error.message, "p")); }
  }

  function call(one) {
    const cost = `${number(one.tokens_in)} tokens in, ${number(one.tokens_out)} out · ${Number(one.money).toFixed(4)} · ${Number(one.seconds).toFixed(2)} s · ${label(one.finish_reason)}`;
    return el("article", {}, el("p", { class: "facts" }, el("b", {}, said(one.model_returned)), one.attempt ? ` · ask ${one.attempt + 1}` : "", ` · ${cost}`), messages(one.request).map(([role, text]) => message(role, text)), message("reply", pretty(one.reply)));
  }

  const message = (role, text) => el("div", { class: `message ${role === "reply" ? "reply" : ""}` }, el("h3", {}, label(role)), long(text, "pre"));

  function messages(request) {
    try {
      const found = JSON.parse(request);
      if (Array.isArray(found.messages)) return found.messages.map((one) => [one.role, typeof one.content === "string" ? one.content : JSON.stringify(one.content, null, 2)]);
      return [["order", JSON.stringify(found, null, 2)]];
    } catch { return [["request", request]]; }
  }

  function pretty(text) {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  }

  // ---- keys

  function keys(known) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.target.closest("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
      const run = Object.hasOwn(known, event.key) ? known[event.key] : null;
      if (run) { event.preventDefault(); run(); }
    });
  }

  function help() {
    const close = el("button", { type: "button", class: "close" }, "Close");
    const lines = [["j, k", "next and previous session, or episode in the list"], ["n, p", "next and previous episode"], ["u", "all episodes"], ["/", "search, in the list"], ["Esc", "close"]];
    const dialog = el("dialog", { "aria-labelledby": "keys-h", class: "keys" }, el("header", {}, el("h2", { id: "keys-h" }, "Keys"), close), el("dl", {}, lines.map(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)])));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  // ---- which page

  if (data) { if (data.page === "list") list(); else episode(data.episode, data.calls); return; }
  const wanted = location.pathname.match(/^\/episode\/([^/]+)$/);
  if (!wanted) { list(); return; }
  fetched(`/api/episode/${wanted[1]}`).then((found) => episode(found, null)).catch((error) => failed(error.message));
})();
