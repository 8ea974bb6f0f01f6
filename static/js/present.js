/* The turned screen: one part after the other, by space, Enter, arrow or touch, and how long each was in sight.

   Times count only while the page is visible. Each showing has a key of its own; telling it again only lengthens it,
   so a report that was lost is simply sent again, and the last form carries all of them once more. */
(function () {
  "use strict";

  var body = document.body;
  if (!body.hasAttribute("data-address")) { return; }
  var parts = {};
  var order = [];
  Array.prototype.forEach.call(document.querySelectorAll("[data-part]"), function (section) {
    var name = section.getAttribute("data-part");
    order.push(name);
    parts[name] = { section: section, key: section.getAttribute("data-key"), seal: section.getAttribute("data-seal"), seconds: 0, told: -1, seen: false };
  });
  var MUST = ["notice", "privacy", "text"];
  var where = document.getElementById("where-text");
  var says = document.getElementById("says");
  var current = "", since = 0, touched = 0;

  /* ---- time ---- */
  function clock() { return window.performance.now(); }
  function stopWatch() {
    if (since && parts[current]) { parts[current].seconds += (clock() - since) / 1000; }
    since = 0;
  }
  function startWatch() { since = document.hidden ? 0 : clock(); }
  function lap() { if (since) { stopWatch(); startWatch(); } }

  /* ---- telling the server ---- */
  function record(name) {
    var part = parts[name];
    var data = new FormData();
    data.append("csrfmiddlewaretoken", body.getAttribute("data-token"));
    data.append("part", name);
    data.append("key", part.key);
    data.append("seal", part.seal);
    data.append("seconds", String(Math.round(part.seconds)));
    return data;
  }
  function tell(name) {
    var part = parts[name];
    var seconds = Math.round(part.seconds);
    if (!part.key || !part.seen || part.told >= seconds) { return Promise.resolve(); }
    return fetch(body.getAttribute("data-address"), {
      method: "POST", body: record(name), credentials: "same-origin", keepalive: true, headers: { Accept: "application/json" }
    }).then(function (answer) {
      if (answer.ok) {
        part.told = seconds;
        document.dispatchEvent(new Event("session-extended"));
      }
    }).catch(function () { /* told again at the next turn, and with the last form */ });
  }
  function tellAll() { lap(); order.forEach(tell); }
  function tellOnLeaving() {
    stopWatch();
    if (!navigator.sendBeacon) { return; }
    order.forEach(function (name) {
      var part = parts[name];
      if (part.key && part.seen && part.told < Math.round(part.seconds)) { navigator.sendBeacon(body.getAttribute("data-address"), record(name)); }
    });
  }
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { tellOnLeaving(); } else { startWatch(); }
  });
  window.addEventListener("pagehide", tellOnLeaving);
  window.addEventListener("online", tellAll);
  ["keydown", "pointerdown", "scroll", "touchstart"].forEach(function (kind) {
    window.addEventListener(kind, function () { touched = clock(); }, { passive: true });
  });
  // Only while somebody is there: an empty chair must not keep the clerk logged in.
  window.setInterval(function () { if (clock() - touched < 60000) { tellAll(); } }, 15000);

  /* ---- turning pages ---- */
  function show(name) {
    stopWatch();
    order.forEach(function (other) { parts[other].section.hidden = other !== name; });
    if (current && current !== name) { tell(current); }
    current = name;
    parts[name].seen = true;
    var number = MUST.indexOf(name);
    where.textContent = number >= 0 ? "请您阅读　" + (number + 1) + " / " + MUST.length : name === "education" ? "可看可不看，不影响办理" : "阅读完毕";
    window.scrollTo(0, 0);
    var heading = name === "text" ? document.getElementById("paper-title") : parts[name].section.querySelector("h1");
    var finish = name === "end" ? parts[name].section.querySelector("[data-finish]") : null;
    (finish || heading).setAttribute("tabindex", finish ? "0" : "-1");
    (finish || heading).focus({ preventScroll: true });
    startWatch();
  }
  function next() { show(parts[current].section.getAttribute("data-following") || "end"); }
  function previous() {
    var at = MUST.indexOf(current);
    if (at > 0) { show(MUST[at - 1]); } else if (at < 0) { show(MUST[MUST.length - 1]); }
  }
  function atBottom() { return window.innerHeight + window.pageYOffset >= document.documentElement.scrollHeight - 4; }
  function onward() {
    if (!atBottom()) { window.scrollBy(0, window.innerHeight * 0.85); return; }
    if (current !== "end") { next(); }
  }

  document.addEventListener("submit", function (event) {
    if (event.target.id === "finish") { event.preventDefault(); finish(); return; }
    if (event.target.closest("[data-part]")) { event.preventDefault(); next(); }
  });
  document.addEventListener("click", function (event) {
    var link = event.target.closest("[data-show]");
    if (link) { event.preventDefault(); show(link.getAttribute("data-show")); return; }
    if (event.target.closest("[data-previous]")) { previous(); return; }
    if (event.target.closest("#size")) { event.preventDefault(); size(); }
  });
  document.addEventListener("keydown", function (event) {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.altKey || event.metaKey) { return; }
    var onControl = /^(A|BUTTON|INPUT)$/.test(event.target.tagName);
    if ((event.key === " " || event.key === "Enter") && !onControl) { event.preventDefault(); onward(); }
    if (event.key === "ArrowLeft" || event.key === "Backspace") { event.preventDefault(); previous(); }
    if (event.key === "ArrowRight" && current !== "end") { event.preventDefault(); next(); }
  });
  function size() {
    var large = document.documentElement.classList.toggle("elder");
    document.getElementById("size").setAttribute("aria-pressed", large ? "true" : "false");
  }

  /* ---- back to the clerk ---- */
  var underWay = false;
  function finish() {
    if (underWay) { return; }
    underWay = true;
    lap();
    var form = document.getElementById("finish");
    document.getElementById("shown").value = JSON.stringify(order.filter(function (name) { return parts[name].key && parts[name].seen; }).map(function (name) {
      return { key: parts[name].key, seal: parts[name].seal, seconds: Math.round(parts[name].seconds) };
    }));
    says.textContent = "正在保存阅读记录…";
    fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { Accept: "application/json" } }).then(function (answer) {
      if (answer.status === 401) { window.location.assign(body.getAttribute("data-login") + "?next=" + encodeURIComponent(body.getAttribute("data-back"))); return null; }
      if (answer.status === 403) { window.location.assign(body.getAttribute("data-back")); return null; }
      if (!answer.ok) { throw new Error("refused"); }
      return answer.json().then(function (done) {
        order.forEach(function (name) { parts[name].told = Infinity; });
        window.location.assign(done.next);
      });
    }).catch(function () {
      underWay = false;
      says.textContent = "网络不通，阅读记录还没有保存，正在重试…";
      window.setTimeout(finish, 2000);
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-previous]"), function (button) { button.hidden = false; });
  var begin = order.filter(function (name) { return !parts[name].section.hidden; })[0] || "notice";
  touched = clock();
  show(begin);
})();
