// How long a network counts a text: the same figures as emails/networks.length, and what a post lacks as emails/posts
// adds it. Shared by the pages of a share and by the console's editor of stories.
"use strict";
const lengths = (() => {
  const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];

  function weight(point, network) {
    if (network === "x") return LIGHT.some(([low, high]) => low <= point && point <= high) ? 1 : 2;
    if (network === "threads") return point > 0xffff ? 4 : 1;
    return 1;
  }

  function count(text, network) {
    let sum = 0;
    for (const sign of text) sum += weight(sign.codePointAt(0), network);
    return sum;
  }

  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[\s_\-\u2010-\u2015]+/g, " ");

  function holds(text, phrase) {
    const edge = "[\\p{L}\\p{N}\\p{M}]";
    const wanted = plain(phrase).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const before = new RegExp(`^${edge}`, "u").test(phrase) ? `(?<!${edge})` : "";
    const after = new RegExp(`${edge}$`, "u").test(phrase) ? `(?!${edge})` : "";
    return new RegExp(before + wanted + after, "u").test(plain(text));
  }

  function post(text, network, room, tags, disclosure) {
    const words = text.trim();
    const present = new Set(words.toLowerCase().match(/#[\p{L}\p{N}_]+/gu) || []);
    const last = disclosure && !holds(words, disclosure) ? (disclosure.startsWith("#") ? " " : "\n") + disclosure : "";
    let added = "";
    for (const tag of tags) {
      if (room !== null && 2 * count(`${added} ${tag}${last}`, network) > room) continue;
      if (!present.has(tag.toLowerCase())) added += ` ${tag}`;
      present.add(tag.toLowerCase());
    }
    return (words + added + last).trim();
  }

  return { count, post };
})();
