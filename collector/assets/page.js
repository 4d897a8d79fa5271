// Refreshes the part of the page that changes, once a second, without disturbing who reads it.
"use strict";

const main = document.getElementById("main");
let live = document.getElementById("live");
// Where that part is to be had: by itself, or within a page.
const address = live.dataset.page ?? "/inventory/rows" + location.search;
const state = document.getElementById("state");
const toggle = document.getElementById("toggle");
let tag = null;
let paused = false;
let updated = null;

// An element's own part: its tag with attributes, and the text that stands directly in it.
const own = (element) =>
  element.cloneNode(false).outerHTML +
  [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()).join("\n");

// Replaces only what differs, so that focus, selection and scroll position stay where they are.
function patch(before, after) {
  if (before.isEqualNode(after)) return;
  const [old, fresh] = [[...before.children], [...after.children]];
  const alike = old.length > 0 && old.length === fresh.length && own(before) === own(after) &&
    old.every((child, place) => child.id === fresh[place].id && child.tagName === fresh[place].tagName);
  if (alike) old.forEach((child, place) => patch(child, fresh[place]));
  else before.replaceWith(after);
}

const rows = () => new Set([...live.querySelectorAll("tbody tr")].map((row) => row.id));

function show(html) {
  const known = rows();
  const scroll = live.querySelector(".scroll")?.scrollLeft ?? 0;
  const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  const parsed = new DOMParser().parseFromString(html, "text/html");
  if (live.dataset.page) {
    const part = parsed.getElementById("live");
    if (part === null) return over(parsed);
    parsed.body.replaceChildren(...part.childNodes);
  }
  const next = live.cloneNode(false);
  next.append(...parsed.body.childNodes);
  // What somebody has opened stays open.
  const opened = [...live.querySelectorAll("details")];
  next.querySelectorAll("details").forEach((part, place) => (part.open = opened[place]?.open ?? false));
  const places = [...live.children];
  if (places.length === next.children.length) {
    [...next.children].forEach((child, place) => patch(places[place], child));
  } else {
    live.replaceChildren(...next.childNodes);
  }
  const table = live.querySelector(".scroll");
  if (table) table.scrollLeft = scroll;
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  const fresh = [...rows()].filter((id) => !known.has(id));
  fresh.forEach((id) => document.getElementById(id).classList.add("fresh"));
  return fresh.length;
}

// The page has no such part any more: it is shown as it is, and stays so.
function over(parsed) {
  main.replaceChildren(...parsed.getElementById("main").childNodes);
  live = null;
  return 0;
}

const clock = (time) => `${time.toISOString().slice(11, 19)} UTC`;

const say = (text, kind) => {
  if (state.textContent !== text) state.textContent = text;
  state.className = kind;
};

async function refresh() {
  if (paused || document.hidden || !getSelection().isCollapsed) return;
  if (live.querySelector("[name=use]:checked")) return say("Held while rows are chosen", "paused");
  try {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(address, { headers, signal: AbortSignal.timeout(5000) });
    // The session is over: the page itself leads to the log-in.
    if (answer.status === 401 || answer.redirected) return location.reload();
    if (!answer.ok && answer.status !== 304) throw new Error(answer.statusText);
    updated = new Date();
    if (answer.status === 304) return say("Live", "ok");
    const first = tag === null;
    tag = answer.headers.get("ETag");
    const count = show(await answer.text());
    if (live === null) say("A first call has come", "ok");
    else if (count > 0 && !first) say(count === 1 ? "One new row" : `${count} new rows`, "ok");
    else say("Live", "ok");
  } catch {
    const last = updated ? `Last updated ${clock(updated)}; the` : "The";
    say(`${last} collector does not answer`, "bad");
  }
}

if (toggle) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    paused = !paused;
    toggle.textContent = paused ? "Go on" : "Pause";
    if (paused) say("Paused", "paused");
    else refresh();
  });
}

// All rows of the page, or none.
main.addEventListener("change", ({ target }) => {
  if (target.id === "all") live.querySelectorAll("[name=use]").forEach((box) => (box.checked = target.checked));
});

// One at a time: a slow answer must not pile up requests behind it.
(async () => {
  while (live !== null) {
    await refresh();
    await new Promise((wake) => setTimeout(wake, 1000));
  }
})();
