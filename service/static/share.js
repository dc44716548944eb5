// Copies her words at her own press of a button, then goes on to the network. Nothing happens by itself, and the page
// does its work without this script too: the words can be selected and the link is a plain one.
"use strict";
(() => {
  const told = document.getElementById("told");

  function textOf(selector) {
    return selector.split(" ").map((part) => document.querySelector(part).textContent.trim()).join("\n");
  }

  function copyOldWay(text) {
    // Where the page has no clipboard (plain http on a local network).
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyOldWay(text);
    }
  }

  for (const control of document.querySelectorAll("[data-copy]")) {
    control.hidden = false;
    if (control.dataset.label) control.textContent = control.dataset.label;
    control.addEventListener("click", async (event) => {
      event.preventDefault();
      const copied = await copy(textOf(control.dataset.copy));
      told.textContent = copied ? control.dataset.done : told.dataset.failed;
      if (copied && control.href) window.location.assign(control.href);
      else if (!copied) select(control.dataset.copy.split(" ")[0]);
      if (!copied && control.href) control.removeAttribute("data-copy"), control.replaceWith(plain(control));
    });
  }

  function select(selector) {
    // What did not copy stands selected, ready for the person's own copying.
    const words = document.querySelector(selector);
    getSelection().selectAllChildren(words);
    words.focus();
  }

  for (const control of document.querySelectorAll("[data-share-words]")) {
    // The phone's own share sheet; her share is this page's, on the network "copy".
    if (!navigator.share) continue;
    control.hidden = false;
    control.addEventListener("click", () => {
      const shared = { text: textOf(control.dataset.shareWords), url: textOf(control.dataset.shareLink) };
      navigator.share(shared).catch(() => {}); // she closed the sheet
    });
  }

  function plain(link) {
    // Copying failed: the words are to be selected by hand, and the next press only opens.
    const again = link.cloneNode(true);
    again.removeAttribute("data-copy");
    return again;
  }
})();
