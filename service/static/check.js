// Checks a draw in the reader's own browser: her entry, and all of it. What she types leaves the page only without Web
// Crypto (plain http): the form is then sent. The protocol is docs/draw-protocol.md; nothing here is shared with Goodword.
"use strict";
(() => {
  const form = document.getElementById("entry-form");
  if (!form || !globalThis.crypto?.subtle) return;
  const told = form.dataset;
  const bytes = (text) => new TextEncoder().encode(text);

  async function sha(data) {
    const digest = await crypto.subtle.digest("SHA-256", typeof data === "string" ? bytes(data) : data);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function file(name) {
    const answer = await fetch(`${told.page}/${name}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(name);
    return answer.arrayBuffer();
  }

  async function pool() {
    const data = await file("pool.txt");
    const text = new TextDecoder("ascii").decode(data);
    const count = "[1-9][0-9]{0,15}";
    const head = new RegExp(
      `^goodword-pool-v1,([a-z0-9-]{1,64}),([0-9a-f]{64}),(drand-quicknet/${count}|numbers/[0-9a-f]{64}),` +
        `(${count}),(${count}),(${count}),(${count})\n`,
    ).exec(text);
    if (!head) throw new Error("header");
    const entries = [];
    let total = 0;
    for (const line of text.slice(head[0].length).split("\n").slice(0, -1)) {
      const found = /^([0-9a-f]{64}),([1-9][0-9]{0,9})$/.exec(line);
      if (!found || (entries.length && entries.at(-1).entrant >= found[1])) throw new Error("line");
      entries.push({ entrant: found[1], tickets: Number(found[2]), first: total });
      total += Number(found[2]);
    }
    const right = text.endsWith("\n") && entries.length === Number(head[6]) && total === Number(head[7]);
    if (!right) throw new Error("count");
    return { hash: await sha(data), draw: head[1], rules: head[2], source: head[3], ranks: Number(head[5]), entries, total };
  }

  async function roll(found) {
    const seed = await sha(`goodword-draw-v1|${found.hash}|${told.randomness}`);
    const ranks = new Set();
    const wanted = Math.min(found.ranks, found.entries.length);
    for (let i = 0; ranks.size < wanted; i += 1) {
      const ticket = Number(BigInt(`0x${await sha(`${seed}|${i}`)}`) % BigInt(found.total));
      let low = 0;
      let high = found.entries.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (found.entries[middle].first <= ticket) low = middle;
        else high = middle;
      }
      ranks.add(found.entries[low].entrant);
    }
    return { seed, ranks: [...ranks] };
  }

  const show = (id, on) => { document.getElementById(id).hidden = !on; };
  const fill = (id, text) => { document.getElementById(id).textContent = text; };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    for (const id of ["entry-in", "entry-out"]) show(id, false);
    try {
      const found = await pool();
      const salt = form.elements.salt.value.trim().toLowerCase();
      const address = form.elements.address.value.trim().normalize("NFC").replace(/[A-Z]/g, (c) => c.toLowerCase());
      const entrant = salt
        ? await sha(`goodword-entrant-v1|${found.draw}|${salt}|${address}`)
        : form.elements.entrant.value.trim().toLowerCase();
      const mine = found.entries.find((one) => one.entrant === entrant);
      if (!mine) return show("entry-out", true);
      const number = new Intl.NumberFormat(document.documentElement.lang);
      fill("entry-tickets", `${number.format(mine.tickets)} / ${number.format(found.total)}`);
      const last = mine.first + mine.tickets - 1;
      fill("entry-numbers", mine.tickets > 1 ? `${mine.first}–${last}` : `${mine.first}`);
      fill("entry-hash", found.hash);
      if (told.randomness) {
        const rank = (await roll(found)).ranks.indexOf(entrant) + 1;
        fill("entry-rank", rank ? String(rank) : told.none);
      } else {
        fill("entry-rank", told.later);
      }
      show("entry-in", true);
    } catch {
      form.submit(); // the server looks it up instead
    }
  });

  const button = document.getElementById("whole");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const holds = {};
    try {
      const found = await pool();
      holds.pool = found.hash === told.pool && found.draw === told.draw;
      holds.rules = (await sha(await file("rules.txt"))) === found.rules;
      holds.source = found.source.startsWith("drand") ? found.source === told.source
        : `numbers/${await sha(await file("source.txt"))}` === found.source;
      if (told.randomness) {
        const drawn = await roll(found);
        holds.seed = drawn.seed === told.seed;
        const lines = drawn.ranks.map((one, n) => `${n + 1},${one}\n`).join("");
        holds.ranks = (await sha(lines)) === (await sha(await file("ranks.txt")));
      }
      let former = "0".repeat(64);
      holds.trail = true;
      for (const line of new TextDecoder().decode(await file("events.txt")).split("\n").slice(0, -1)) {
        holds.trail = holds.trail && line.split("|")[3] === former;
        former = await sha(line);
      }
      holds.trail = holds.trail && former === told.trail;
    } catch {
      holds.pool = false;
    }
    for (const step of document.querySelectorAll("#steps [data-step]")) {
      if (!(step.dataset.step in holds)) continue;
      const right = holds[step.dataset.step];
      step.className = right ? "holds" : "fails";
      step.querySelector("b").textContent = right ? told.holds : told.fails;
    }
    document.getElementById("steps").hidden = false;
    button.disabled = false;
  });
})();
