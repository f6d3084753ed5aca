// The search page by the keyboard, and what htmx leaves open. Without it the page is a plain form.
"use strict";
const field = document.getElementById("q");
const form = document.getElementById("search-form");
const answer = document.getElementById("search-answer");
const trouble = document.getElementById("search-trouble");

// --- keyboard ---

const WRITING = "input:not([type=checkbox]), select, textarea";
const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

function step(by) {
  const hits = [...answer.querySelectorAll(".search-hits h2 a")];
  const at = hits.findIndex((link) => link.closest("li").contains(document.activeElement));
  if (at + by < 0) {
    field.focus(); // from the first hit up
    return;
  }
  hits[Math.min(at + by, hits.length - 1)]?.focus();
}

function escape() {
  if (document.activeElement !== field) {
    field.focus();
  } else if (field.value !== "") {
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function isStep(event) {
  if (event.key.length === 1) {
    return event.key in STEPS && !event.target.matches(WRITING);
  }
  const isBetween = event.target === field || event.target.closest(".search-hits") !== null;
  return event.key in STEPS && isBetween;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return;
  }
  if (event.key === "/" && !event.target.matches(WRITING)) {
    field.focus();
    field.select();
  } else if (event.key === "Escape") {
    escape();
  } else if (isStep(event)) {
    step(STEPS[event.key]);
  } else {
    return;
  }
  event.preventDefault();
});

// --- addresses: one step back undoes a whole word, not a letter ---

let wasTyping = false;
document.body.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
  const isTyping = detail.requestConfig.triggeringEvent?.type === "input";
  const isSame = detail.history.path === window.location.pathname + window.location.search;
  if (isSame || (isTyping && wasTyping)) {
    detail.history.type = "replace";
  }
  wasTyping = isTyping || (isSame && wasTyping);
});

// --- a new answer: what was open stays open, and the focus is never lost ---

let open = [];
answer.addEventListener("htmx:beforeSwap", () => {
  open = [...answer.querySelectorAll("details[id][open]")].map((each) => each.id);
});
answer.addEventListener("htmx:afterSwap", () => {
  for (const id of open) {
    document.getElementById(id)?.setAttribute("open", "");
  }
  if (document.activeElement === document.body) {
    document.getElementById("search-results")?.focus({ preventScroll: true });
  }
});
document.body.addEventListener("htmx:beforeRequest", () => answer.setAttribute("aria-busy", "true"));
document.body.addEventListener("htmx:afterRequest", () => answer.removeAttribute("aria-busy"));

// --- trouble ---

function tell(what) {
  const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Try again" });
  again.addEventListener("click", () => form.requestSubmit());
  trouble.replaceChildren(`${what} What you see below answers an earlier search. `, again);
  trouble.hidden = false;
}

document.body.addEventListener("htmx:sendError", () => tell("The server cannot be reached."));
document.body.addEventListener("htmx:timeout", () => tell("The server takes too long to answer."));
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  const status = detail.xhr.status;
  tell(status === 403 ? "You may not search any more." : `The server could not answer (error ${status}).`);
});
document.body.addEventListener("htmx:beforeSwap", () => {
  trouble.hidden = true;
});
