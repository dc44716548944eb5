// The suggestions of a story in the console's editor. Without this each press asks the server; with it texts move, come
// and go in place, and how each fits its networks follows the typing. Nothing is kept before it is saved.
"use strict";
(() => {
  const box = document.querySelector(".texts");
  const told = document.getElementById("texts-said");
  const tags = JSON.parse(box.dataset.tags);

  function measure(row) {
    const group = row.parentElement, shown = row.querySelector(".fits"), text = row.querySelector("textarea").value;
    const found = JSON.parse(group.dataset.slugs).map(({ slug, label, room }) => {
      const length = lengths.count(lengths.post(text, slug, room, tags, group.dataset.disclosure), slug);
      return { label, room, length, over: room !== null && length > room };
    });
    const over = text.trim() ? found.filter((each) => each.over) : [];
    shown.classList.toggle("over", over.length > 0);
    if (!text.trim()) shown.textContent = "";
    else if (!group.dataset.all) shown.textContent = found[0]?.room ? box.dataset.of.replace("{length}", found[0].length).replace("{room}", found[0].room) : "";
    else shown.textContent = over.length ? box.dataset.cut.replace("{networks}", over.map((each) => each.label).join(", ")) : box.dataset.fits;
  }

  function renumber(group) {
    const key = group.dataset.key, name = group.querySelector("legend").textContent;
    const rows = [...group.querySelectorAll(".text-row")];
    rows.forEach((row, place) => {
      const field = row.querySelector("textarea"), fits = row.querySelector(".fits");
      field.id = `text-${key}-${place}`;
      field.setAttribute("aria-label", `${name}, ${place + 1}`);
      fits.id = `${field.id}-fits`;
      field.setAttribute("aria-describedby", fits.id);
      for (const button of row.querySelectorAll("[name=texts]")) {
        const verb = button.value.split(":")[0];
        button.value = `${verb}:${key}:${place}`;
        button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/, \d+$/, `, ${place + 1}`));
        button.disabled = (verb === "up" && place === 0) || (verb === "down" && place === rows.length - 1);
      }
    });
  }

  function blank(row) {
    row.querySelector("textarea").value = row.querySelector("input").value = "";
    row.querySelector("textarea").removeAttribute("aria-invalid");
    row.querySelector(".wrong")?.remove();
    measure(row);
  }

  box.addEventListener("click", (event) => {
    const button = event.target.closest("[name=texts]");
    if (!button) return;
    event.preventDefault();
    const group = button.closest(".text-group"), verb = button.value.split(":")[0];
    let row = button.closest(".text-row");
    if (verb === "add") {
      const last = [...group.querySelectorAll(".text-row")].at(-1);
      row = last.cloneNode(true);
      last.after(row);
      blank(row);
      row.querySelector("textarea").focus();
      told.textContent = box.dataset.added;
    } else if (verb === "remove") {
      const next = row.nextElementSibling;
      if (group.querySelectorAll(".text-row").length > 1) row.remove();
      else blank(row);
      (next?.querySelector("textarea") ?? next ?? group).focus();
      told.textContent = box.dataset.removed;
    } else {
      const other = verb === "up" ? row.previousElementSibling : row.nextElementSibling;
      if (verb === "up") other.before(row);
      else other.after(row);
      told.textContent = box.dataset.moved.replace("{place}", [...group.querySelectorAll(".text-row")].indexOf(row) + 1);
    }
    renumber(group);
    if (verb === "up" || verb === "down") (button.disabled ? row.querySelector("textarea") : button).focus();
    group.closest("form").dispatchEvent(new Event("input", { bubbles: true }));
  });

  box.addEventListener("input", (event) => {
    const row = event.target.closest(".text-row");
    if (row) measure(row);
  });
})();
