// Shows the list anew when something has happened. While somebody is at work in it, it only counts, and waits.
const live = document.getElementById("live");
// What happens at once is shown at once.
const GATHER_MS = 250;
// A list that takes long to make is asked for the less often.
const PAUSE_FACTOR = 8;
let count = 0;
let notBefore = 0;
let timer = null;
let asking = false;

function show(text = "") {
  if (count === 0) {
    live.textContent = text;
    return;
  }
  const button = document.createElement("button");
  button.textContent = `${count} ${live.dataset.news}`;
  button.addEventListener("click", askedFor);
  live.replaceChildren(button);
}

function isRead() {
  const list = document.getElementById("list");
  const selection = getSelection();
  const inside = (node) => node !== list && list.contains(node);
  return inside(document.activeElement) || (!selection.isCollapsed && inside(selection.anchorNode));
}

function soon() {
  if (count === 0 || timer !== null || asking) return;
  timer = setTimeout(async () => {
    timer = null;
    if (!document.hidden && !isRead()) await refresh();
    else show();
  }, Math.max(GATHER_MS, notBefore - performance.now()));
}

function firms() {
  return new Set(Array.from(document.querySelectorAll("#list tbody a"), (link) => link.getAttribute("href")));
}

async function refresh() {
  const told = count;
  const began = performance.now();
  asking = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.getElementById("list");
    if (!answer.ok || list === null) {
      location.reload();
      return;
    }
    const before = firms();
    const old = document.getElementById("list");
    const focused = old === document.activeElement;
    old.replaceWith(list);
    if (focused) focusOn(list);
    for (const link of list.querySelectorAll("tbody a")) {
      link.closest("tr").classList.toggle("fresh", !before.has(link.getAttribute("href")));
    }
    document.getElementById("refresh").addEventListener("click", askedFor);
    count -= told;
    show(live.dataset.updated);
  } catch {
    // The console is away: the stream says so, and comes back by itself.
  } finally {
    asking = false;
    const now = performance.now();
    notBefore = now + PAUSE_FACTOR * (now - began);
    soon();
  }
}

async function askedFor(event) {
  event.preventDefault();
  if (asking) return;
  await refresh();
  // What had the focus is gone: reading goes on where the list begins.
  focusOn(document.getElementById("list"));
}

function focusOn(list) {
  list.tabIndex = -1;
  list.focus();
}

document.getElementById("refresh").addEventListener("click", askedFor);
const stream = new EventSource(document.getElementById("list").dataset.stream);
stream.addEventListener("message", () => {
  count += 1;
  // At once only where the list stays as it is: else the number would flash by.
  if (document.hidden || isRead()) show();
  soon();
});
stream.addEventListener("open", () => show());
stream.addEventListener("error", () => {
  live.textContent = live.dataset.off;
});
for (const [target, name] of [[document, "visibilitychange"], [document, "focusout"], [document, "selectionchange"]]) {
  target.addEventListener(name, soon);
}
// A page that is left must not hold a connection: browsers allow few to one server.
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
