// The console works without this. With it: the countdown ticks, frames fit their mail, the card follows the typing,
// and unsaved changes ask before they are lost.
"use strict";

const two = (n) => String(n).padStart(2, "0");

setInterval(() => {
  for (const clock of document.querySelectorAll("[data-countdown]")) {
    const left = Math.max(0, Number(clock.dataset.countdown) - 1);
    clock.dataset.countdown = left;
    clock.textContent = `${Math.floor(left / 60)}:${two(left % 60)}`;
  }
}, 1000);

// The edition's panel is fetched anew while mails leave: what was opened stays open, and the focus where it was.
let opened = [], focused = "";
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  opened = [...detail.target.querySelectorAll("details[id][open]")].map((each) => each.id);
  focused = detail.target.contains(document.activeElement) ? way(document.activeElement) : "";
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  tell();
});

// How an element is found again: by its id, a link by where it leads within the same part, a summary by its part.
function way(here) {
  if (here.id) return `#${CSS.escape(here.id)}`;
  const part = here.parentElement?.closest("[id]");
  if (!part) return "";
  const within = `#${CSS.escape(part.id)} `;
  if (here.tagName === "SUMMARY") return `${within}> summary`;
  return here.hasAttribute("href") ? `${within}a[href="${CSS.escape(here.getAttribute("href"))}"]` : "";
}

// Where the sending stands is said politely, and no more than twice a minute: it changes every few seconds.
let said = 0;
function tell() {
  const words = document.getElementById("edition")?.dataset.moment, place = document.getElementById("moment");
  if (!words || !place || place.textContent === words || Date.now() - said < 30_000) return;
  said = Date.now();
  place.textContent = words;
}

function fit(frame) {
  const inside = frame.contentDocument;
  if (inside && inside.body) frame.style.height = `${Math.max(200, inside.documentElement.scrollHeight + 2)}px`;
}

function follow(frame) {
  frame.addEventListener("load", () => fit(frame));
  if (frame.contentDocument && frame.contentDocument.readyState === "complete") fit(frame);
}

document.querySelectorAll("iframe[data-fit]").forEach(follow);

for (const form of document.querySelectorAll("form[data-keep]")) {
  let changed = document.querySelector("[aria-invalid]") !== null;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", (event) => { if (!event.submitter || !event.submitter.formTarget) changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

const editor = document.querySelector("form[data-card]");
if (editor) {
  const button = editor.querySelector("[data-card-button]");
  button.hidden = true;
  let waiting;
  const show = () => {
    // A fresh frame, so that the browser's Back leaves the editor and not the last card.
    const old = document.getElementById("card");
    const next = old.cloneNode();
    next.removeAttribute("src");
    old.replaceWith(next);
    follow(next);
    editor.requestSubmit(button);
  };
  const first = document.getElementById("card");
  if (document.querySelector("[aria-invalid]") || !first.hasAttribute("src")) show();
  editor.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 600); });
}

// What takes seconds says so on its own button; coming back by the browser's Back, it is as before.
document.addEventListener("submit", (event) => {
  const button = event.submitter, slow = button?.dataset.slow || event.target.dataset.slow;
  if (!button || !slow) return;
  const before = button.textContent;
  setTimeout(() => { button.textContent = slow; button.disabled = true; });
  window.addEventListener("pagehide", () => { button.textContent = before; button.disabled = false; }, { once: true });
});
