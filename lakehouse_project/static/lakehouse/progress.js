// Shows the state of a file until it is done. The page asks for itself and takes over the part that changes.
"use strict";
const EVERY_MS = 1000;

async function look() {
  const shown = document.getElementById("progress");
  try {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("progress");
    if (now === null) {
      window.location.reload(); // such as after a logout
      return;
    }
    if (now.textContent !== shown.textContent) {
      shown.replaceChildren(...now.childNodes);
      shown.dataset.state = now.dataset.state;
    }
  } catch {
    // The server does not answer just now; ask again.
  }
  if (shown.dataset.state === "received") {
    window.setTimeout(look, EVERY_MS);
  }
}

window.setTimeout(look, EVERY_MS);
