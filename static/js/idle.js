/* Warns before an idle session ends and extends it on request.

   Reads from <dialog id="idle">: data-seconds (length of an idle session), data-warn (seconds before its end),
   data-keepalive (POST address), data-login, data-token (CSRF). Other scripts say that a request of theirs
   extended the session: document.dispatchEvent(new Event("session-extended")); the event "session-ending" is sent
   when the warning appears. All tabs of one browser share one countdown. */
(function () {
  "use strict";

  // htmx notes the page's address whatever its settings are; of a page of staff nothing stays in the browser.
  try { window.sessionStorage.removeItem("htmx-current-path-for-history"); } catch (error) { /* storage is off */ }

  var dialog = document.getElementById("idle");
  if (!dialog) { return; }
  var seconds = Number(dialog.getAttribute("data-seconds"));
  var warn = Math.min(Number(dialog.getAttribute("data-warn")), seconds / 2);
  var left = document.getElementById("idle-left");
  var say = document.getElementById("idle-say");
  var failure = document.getElementById("idle-error");
  var stay = document.getElementById("idle-stay");
  var channel = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  var endsAt = 0;
  var before = null;
  var leaving = false;

  function isOpen() { return dialog.hasAttribute("open"); }

  function close() {
    if (!isOpen()) { return; }
    if (dialog.close) { dialog.close(); } else { dialog.removeAttribute("open"); }
    if (before && before.focus) { before.focus(); }
  }

  function restart() {
    endsAt = Date.now() + seconds * 1000;
    failure.hidden = true;
    close();
  }

  function extended() {
    restart();
    if (channel) { channel.postMessage("extended"); }
  }

  function words(rest) {
    var minutes = Math.floor(rest / 60);
    var second = rest % 60;
    return minutes + " 分 " + (second < 10 ? "0" : "") + second + " 秒";
  }

  function open() {
    before = document.activeElement;
    say.textContent = "";
    if (dialog.showModal) { dialog.showModal(); } else { dialog.setAttribute("open", ""); }
    stay.focus();
    document.dispatchEvent(new Event("session-ending"));
  }

  function leave(path) {
    if (leaving) { return; }
    leaving = true;
    var here = window.location.pathname + window.location.search;
    window.location.assign(dialog.getAttribute("data-login") + "?ended=" + path + "&next=" + encodeURIComponent(here));
  }

  function tick() {
    // By the clock, not by counting ticks: a sleeping machine skips them.
    var rest = Math.ceil((endsAt - Date.now()) / 1000);
    if (rest <= 0) { leave("idle"); return; }
    if (rest > warn) { return; }
    if (!isOpen()) { open(); }
    left.textContent = words(rest);
    if (rest === 60 || rest === 30 || rest === 10) { say.textContent = "还有 " + rest + " 秒自动退出"; }
  }

  function keep() {
    failure.hidden = true;
    fetch(dialog.getAttribute("data-keepalive"), {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": dialog.getAttribute("data-token"), "X-Requested-With": "XMLHttpRequest" }
    }).then(function (answer) {
      if (answer.ok) { extended(); return; }
      leave("idle");
    }).catch(function () {
      failure.textContent = "网络不通，没有延长。请检查网络后再按一次“继续使用”。";
      failure.hidden = false;
    });
  }

  function out() {
    var form = document.querySelector("form[action$='logout/']");
    if (form) { leaving = true; form.submit(); } else { leave("idle"); }
  }

  stay.addEventListener("click", keep);
  document.getElementById("idle-leave").addEventListener("click", out);
  // Escape means "I am here": it must not hide the warning and let the session run out.
  dialog.addEventListener("cancel", function (event) { event.preventDefault(); keep(); });
  document.addEventListener("session-extended", extended);
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail && event.detail.successful) { extended(); }
  });
  if (channel) { channel.onmessage = restart; }
  // A page that comes back out of the browser's cache did not touch the server.
  window.addEventListener("pageshow", function (event) { if (event.persisted) { tick(); } });

  extended();
  window.setInterval(tick, 1000);
})();
