// The editor of her own words. Without this the page asks the server; with it suggestions change with the network, fill
// the field at once, and the network's own length is counted while she types. Nothing is sent before she presses.
"use strict";
(() => {
  const form = document.getElementById("editor");
  const field = document.getElementById("words");
  const shown = document.getElementById("count");
  const said = document.getElementById("count-said");
  const back = document.getElementById("back");
  const disclosure = document.getElementById("disclosure");
  const tags = JSON.parse(form.dataset.tags);
  const disclosures = JSON.parse(form.dataset.disclosures);
  const groups = [...form.querySelectorAll(".suggestions")];
  let kept = "";

  for (const each of form.querySelectorAll(".without-script")) each.hidden = true;

  const group = () => groups.find((each) => !each.disabled);
  const radios = () => [...group().querySelectorAll("[name=suggestion]")];
  const text = (radio) => radio.parentElement.querySelector(".text")?.textContent ?? "";
  const suggestion = (words) => radios().find((radio) => text(radio) && text(radio).trim() === words.trim());

  function measure() {
    const here = group();
    const room = here.dataset.room === "" ? null : Number(here.dataset.room);
    const language = here.querySelector("[name=suggestion]:checked")?.dataset.language;
    const says = disclosures[language] || form.dataset.disclosure;
    if (disclosure) disclosure.textContent = says;
    const length = lengths.count(lengths.post(field.value, here.dataset.network, room, tags, says), here.dataset.network);
    const words = room === null ? shown.dataset.plain : shown.dataset.of;
    shown.textContent = words.replace("{length}", length).replace("{room}", room);
    shown.classList.toggle("over", room !== null && length > room);
    return room === null ? null : room - length;
  }

  let waiting;
  function tell(left) {
    // Said once she pauses, not at every key.
    clearTimeout(waiting);
    if (left === null) { said.textContent = ""; return; }
    const words = left < 0 ? said.dataset.over : said.dataset.free;
    waiting = setTimeout(() => { said.textContent = words.replace("{number}", Math.abs(left)); }, 900);
  }

  function fill(words) {
    if (field.value.trim() && !suggestion(field.value)) kept = field.value;
    field.value = words;
    back.hidden = !kept;
  }

  function pick(radio) {
    if (radio) radio.checked = true;
  }

  form.addEventListener("change", ({ target }) => {
    if (target.name === "network") {
      const before = suggestion(field.value);
      for (const each of groups) each.hidden = each.disabled = each.dataset.network !== target.value;
      if (before) field.value = text(radios()[0]);
      pick(suggestion(field.value) ?? radios().find((radio) => "own" in radio.dataset));
      tell(measure());
    } else if (target.name === "suggestion") {
      if ("own" in target.dataset) {
        if (kept) fill(kept);
        field.focus();
      } else {
        fill(text(target));
      }
      back.hidden = !kept || field.value === kept;
      tell(measure());
    }
  });

  field.addEventListener("input", () => {
    pick(suggestion(field.value) ?? radios().find((radio) => "own" in radio.dataset));
    back.hidden = true;
    kept = "";
    tell(measure());
  });

  back.querySelector("button").addEventListener("click", () => {
    field.value = kept;
    back.hidden = true;
    pick(radios().find((radio) => "own" in radio.dataset));
    field.focus();
    tell(measure());
  });

  measure();
})();
