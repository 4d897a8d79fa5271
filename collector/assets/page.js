// Refreshes the part of the page that changes, once a second, without disturbing who reads it.
"use strict";

const live = document.getElementById("live");
const state = document.getElementById("state");
const toggle = document.getElementById("toggle");
let tag = null;
let paused = false;

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
  const next = live.cloneNode(false);
  next.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
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

const say = (text, kind) => {
  if (state.textContent !== text) state.textContent = text;
  state.className = kind;
};

async function refresh() {
  if (paused || document.hidden || !getSelection().isCollapsed) return;
  try {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch("/inventory/rows" + location.search, { headers, signal: AbortSignal.timeout(5000) });
    // The session is over: the page itself leads to the log-in.
    if (answer.status === 401) return location.reload();
    if (answer.status === 304) return say("Live", "ok");
    if (!answer.ok) throw new Error(answer.statusText);
    const first = tag === null;
    tag = answer.headers.get("ETag");
    const count = show(await answer.text());
    if (count > 0 && !first) say(count === 1 ? "One new row" : `${count} new rows`, "ok");
    else say("Live", "ok");
  } catch {
    say("The collector does not answer; trying again", "bad");
  }
}

toggle.hidden = false;
toggle.addEventListener("click", () => {
  paused = !paused;
  toggle.textContent = paused ? "Go on" : "Pause";
  if (paused) say("Paused", "paused");
  else refresh();
});

// One at a time: a slow answer must not pile up requests behind it.
(async () => {
  for (;;) {
    await refresh();
    await new Promise((wake) => setTimeout(wake, 1000));
  }
})();
