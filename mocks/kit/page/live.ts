/**
 * The page's only script. It polls the page and replaces the parts that show state; everything else works without it.
 * Focus and opened entries are kept.
 */
export const LIVE_SCRIPT = `
const INTERVAL_MS = 1500;
const button = document.getElementById("live");
let live = true;

function show() {
  button.hidden = false;
  button.textContent = live ? "Stop live updates" : "Start live updates";
}

function exchange(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (next === null || next.innerHTML === part.dataset.html) continue;
    const html = next.innerHTML;
    for (const open of part.querySelectorAll("details[open][id]")) next.querySelector("#" + open.id)?.setAttribute("open", "");
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    // A focused control without an id could not be focused again.
    if (focused === "" && part.contains(document.activeElement)) continue;
    part.replaceChildren(...next.childNodes);
    part.dataset.html = html;
    if (focused !== "") document.getElementById(focused)?.focus();
  }
}

async function refresh() {
  if (live && !document.hidden) {
    try {
      const response = await fetch(location.pathname + location.search);
      if (response.ok) exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
      // The emulator may be restarting; the next request tries again.
    }
  }
  setTimeout(refresh, INTERVAL_MS);
}

button.addEventListener("click", () => { live = !live; show(); });
show();
setTimeout(refresh, INTERVAL_MS);
`;
