// Counts what has happened since the list was made, and shows the list anew when asked to.
const live = document.getElementById("live");
let count = 0;

function show() {
  if (count === 0) {
    live.replaceChildren();
    return;
  }
  const button = document.createElement("button");
  button.textContent = `${count} ${live.dataset.news}`;
  button.addEventListener("click", refresh);
  live.replaceChildren(button);
}

async function refresh(event) {
  event.preventDefault();
  const told = count;
  const answer = await fetch(location.href, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = page.getElementById("list");
  if (!answer.ok || list === null) {
    location.reload();
    return;
  }
  document.getElementById("list").replaceWith(list);
  // The button that had the focus goes: reading goes on where the list begins.
  list.tabIndex = -1;
  list.focus();
  document.getElementById("refresh").addEventListener("click", refresh);
  count -= told;
  show();
}

document.getElementById("refresh").addEventListener("click", refresh);
const stream = new EventSource(document.getElementById("list").dataset.stream);
stream.addEventListener("message", () => {
  count += 1;
  show();
});
stream.addEventListener("open", show);
stream.addEventListener("error", () => {
  live.textContent = live.dataset.off;
});
// A page that is left must not hold a connection: browsers allow few to one server.
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
