// The review list works without this. With it one key decides: J and K move, A accepts, E edits, D declines, X picks.
"use strict";
(() => {
  const items = [...document.querySelectorAll("[data-item]")];
  const kept = sessionStorage.getItem("review-place");
  let at = -1;

  function go(place) {
    at = Math.max(0, Math.min(items.length - 1, place));
    items[at].focus();
    items[at].scrollIntoView({ block: "nearest" });
  }

  // After a decision the page comes anew: the next one stands where the last one stood.
  if (kept !== null && items.length) go(Number(kept));
  sessionStorage.removeItem("review-place");

  document.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-item]");
    if (item) at = items.indexOf(item);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") go(at + (key === "j" ? 1 : -1));
    else if (at >= 0 && key === "x") items[at].querySelector("[name=pick]").click();
    else if (at >= 0 && "aed".includes(key)) {
      const press = items[at].querySelector(`[data-key=${key}]`);
      if (press) press.click();
    } else return;
    event.preventDefault();
  });

  document.querySelector("[data-review]")?.addEventListener("submit", () => {
    if (at >= 0) sessionStorage.setItem("review-place", String(at));
  });
})();
