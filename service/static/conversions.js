// Goodword's conversions. On a landing page: keeps the click's id for this tab, no cookie, nothing else.
// <script src="…/conversions.js" data-key="KEY" data-click="PARAMETER" defer></script>
// On the page that follows the deed, the same with data-convert="lead" (data-value, data-currency, data-id if wanted),
// or by hand: goodword.converted({kind: "sale", value: 120, currency: "EUR", id: "order-17"}).
(function () {
  "use strict";
  var me = document.currentScript;
  if (!me) return;
  var store = "goodword-click";
  var found = new URLSearchParams(location.search).get(me.dataset.click || "click");
  var click = found && /^[A-Za-z0-9_-]{16}$/.test(found) ? found : null;
  try {
    if (click) sessionStorage.setItem(store, click);
    else click = sessionStorage.getItem(store);
  } catch (_denied) { /* without storage the landing page itself can still report */ }

  function converted(told) {
    if (!click) return Promise.resolve(false);
    var body = { click: click };
    ["kind", "value", "currency", "id"].forEach(function (name) {
      if (told && told[name] !== undefined && told[name] !== "") body[name] = told[name];
    });
    var to = new URL("/api/v1/conversions/pixel", me.src);
    to.searchParams.set("key", me.dataset.key || "");
    // Plain text needs no question beforehand; without credentials no cookie goes along.
    return fetch(to, {
      method: "POST", mode: "cors", credentials: "omit", keepalive: true, referrerPolicy: "origin",
      headers: { "Content-Type": "text/plain" }, body: JSON.stringify(body)
    }).then(function (answer) { return answer.ok; }, function () { return false; });
  }

  window.goodword = { converted: converted };
  if (me.dataset.convert) {
    converted({ kind: me.dataset.convert, value: me.dataset.value, currency: me.dataset.currency, id: me.dataset.id });
  }
})();
