// Shows what comes in, the newest first, until it is told to wait.
"use strict";

const lines = document.getElementById("lines");
const state = document.getElementById("state");
const count = document.getElementById("count");
const toggle = document.getElementById("toggle");
const summary = document.getElementById("summary");
const nothing = document.getElementById("nothing");
const most = Number(lines.dataset.most);
const address = new URL(lines.dataset.events, location.href);
// Between two sentences for those who listen to the page.
const SPOKEN = 15000;
// Before a stream is opened again that the collector refused.
const AGAIN = 5000;

let source = null;
// When it was last known to be connected.
let heard = null;
let paused = false;
// Rows that came while it was paused: the newest, and how many in all.
let held = [];
let came = 0;
let unspoken = 0;

const say = (text, kind) => {
  if (state.textContent !== text) state.textContent = text;
  state.className = kind;
};

const lost = () => `Cut off at ${heard.toISOString().slice(11, 19)} UTC; reconnecting`;

function row(html) {
  const table = document.createElement("template");
  table.innerHTML = html;
  return table.content.querySelector("tr");
}

function show(fresh) {
  // What stands below stays where it is for those who have scrolled down.
  const [top, height] = [lines.getBoundingClientRect().top, lines.offsetHeight];
  for (const next of fresh) {
    if (next.id && document.getElementById(next.id)) continue;
    next.classList.add("fresh");
    lines.prepend(next);
    if (next.id) unspoken += 1;
  }
  if (top < 0) scrollBy(0, lines.offsetHeight - height);
  while (lines.children.length > most) lines.lastElementChild.remove();
  nothing.hidden = lines.children.length > 0;
}

function take(event) {
  if (event.lastEventId) address.searchParams.set("after", event.lastEventId);
  const fresh = row(event.data);
  if (!paused) return show([fresh]);
  held.push(fresh);
  if (held.length > most) held.shift();
  if (fresh.id) came += 1;
  count.textContent = came === 0 ? "" : `${came} came meanwhile`;
}

function open() {
  if (source !== null) return;
  source = new EventSource(address);
  source.addEventListener("open", () => {
    heard = null;
    if (!paused) say("Connected", "ok");
  });
  source.addEventListener("message", take);
  // The session is over: the page itself leads to the log-in.
  source.addEventListener("over", () => location.reload());
  source.addEventListener("error", () => {
    heard ??= new Date();
    say(lost(), "bad");
    // A browser tries again by itself unless it was refused.
    if (source?.readyState === EventSource.CLOSED) {
      close();
      setTimeout(again, AGAIN);
    }
  });
}

function close() {
  source?.close();
  source = null;
}

async function again() {
  if (document.hidden) return;
  try {
    const answer = await fetch(address, { method: "HEAD", signal: AbortSignal.timeout(5000) });
    // The page itself says why not, or leads to the log-in.
    if (answer.status === 401 || answer.status === 403) return location.reload();
    if (!answer.ok) {
      say("The collector takes nobody more to watch now; trying again", "bad");
      setTimeout(again, AGAIN);
      return;
    }
  } catch {
    // It does not answer; the stream says when it does.
  }
  open();
}

function pause() {
  paused = !paused;
  toggle.textContent = paused ? "Go on" : "Pause";
  if (!paused) show(held);
  [held, came] = [[], 0];
  count.textContent = "";
  if (paused) say("Paused", "paused");
  else if (heard) say(lost(), "bad");
  else say("Connected", "ok");
}

toggle.hidden = false;
document.getElementById("keys").hidden = false;
toggle.addEventListener("click", pause);
// Where the focus is in the content alone, and not where people type: a key by itself must not act anywhere.
document.getElementById("main").addEventListener("keydown", (event) => {
  if (event.key !== "p" || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("form")) return;
  pause();
});
// A browser has few connections to one place: a page that nobody sees gives its own back.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", () => document.hidden || open());

setInterval(() => {
  if (unspoken === 0 || paused) return;
  summary.textContent = unspoken === 1 ? "One new line" : `${unspoken} new lines`;
  unspoken = 0;
}, SPOKEN);

say("Connecting", "");
