/* The signing step: the pad, who signs, and sending it so that nobody is told of a success that was not stored.

   After a lost answer the page asks the server (data-state) until it knows. A repeat is harmless: the server signs a
   draft once. */
(function () {
  "use strict";

  var form = document.getElementById("sign-form");
  if (!form || !window.fetch) { return; }
  var button = document.getElementById("sign-button");
  var says = document.getElementById("sign-says");
  var canvas = form.querySelector("canvas");
  var PATIENCE = 30000, PAUSE = 2000;

  function all(selector) { return Array.prototype.slice.call(form.querySelectorAll(selector)); }
  function value(name) { var one = form.querySelector("input[name='" + name + "']:checked"); return one ? one.value : ""; }

  /* ---- the pad: strokes are kept as points and drawn again at the new size ---- */
  var pad = new window.SignaturePad(canvas, { penColor: "#000", minWidth: 1.2, maxWidth: 3.2 });
  // The size at which the signature was begun, and how it is drawn now: turning to and fro loses nothing.
  var begun = { width: 0, height: 0 }, drawn = { scale: 1, x: 0, y: 0 };
  function fit() {
    var width = canvas.clientWidth, height = canvas.clientHeight;
    var ratio = Math.max(window.devicePixelRatio || 1, 1);
    if (!width || (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio))) { return; }
    var strokes = pad.toData();
    var scale = strokes.length ? Math.min(width / begun.width, height / begun.height) : 1;
    if (!strokes.length) { begun = { width: width, height: height }; }
    var next = { scale: scale, x: (width - begun.width * scale) / 2, y: (height - begun.height * scale) / 2 };
    strokes.forEach(function (stroke) {
      stroke.points.forEach(function (point) {
        point.x = (point.x - drawn.x) / drawn.scale * next.scale + next.x;
        point.y = (point.y - drawn.y) / drawn.scale * next.scale + next.y;
      });
    });
    drawn = next;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
    if (strokes.length) { pad.fromData(strokes); }
  }
  function clear() {
    pad.clear();
    begun = { width: canvas.clientWidth, height: canvas.clientHeight };
    drawn = { scale: 1, x: 0, y: 0 };
  }
  if ("ResizeObserver" in window) { new ResizeObserver(fit).observe(canvas); }
  window.addEventListener("resize", fit);
  window.addEventListener("orientationchange", fit);
  fit();
  document.getElementById("pad-clear").addEventListener("click", clear);
  pad.addEventListener("endStroke", function () { wrong("signature", ""); });

  /* ---- turning the screen for the signature ---- */
  function face() {
    var turned = document.documentElement.classList.toggle("facing");
    fit();
    if (turned) {
      document.getElementById("pad").scrollIntoView({ block: "center" });
      form.querySelector(".facing-only button").focus();
    } else { button.focus(); }
  }
  all("[data-face]").forEach(function (one) { one.addEventListener("click", face); });
  document.addEventListener("keydown", function (event) {
    if (event.key === "F8" && document.documentElement.classList.contains("facing")) { event.preventDefault(); face(); }
  }, true);

  /* ---- who signs ---- */
  var signer = document.getElementById("id_signer_name");
  function arrange(event) {
    var byPaper = value("signed_by") === "paper";
    document.getElementById("by-pad").hidden = byPaper;
    document.getElementById("by-paper").hidden = !byPaper;
    // On a subject's own pages it is known who signs, and by which authorisation.
    if (!signer) { fit(); return; }
    document.getElementById("for-agent").hidden = value("capacity") !== "agent";
    var chosen = form.querySelector("input[name='capacity']:checked");
    var own = chosen && chosen.getAttribute("data-name");
    if (event && event.target.name === "capacity") { signer.value = own || ""; }
    signer.readOnly = !!own && chosen.value === "self";
    fit();
  }
  form.addEventListener("change", arrange);
  arrange();
  // Enter in a field goes to the next one: only Ctrl+Enter signs.
  form.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) { return; }
    if (!/^(INPUT|SELECT)$/.test(event.target.tagName)) { return; }
    event.preventDefault();
    var fields = all("input:not([type=hidden]):not([type=file]), select, #sign-button").filter(function (one) {
      return one.getClientRects().length && !one.disabled && (one.type !== "radio" || one.checked) && (!one.readOnly);
    });
    var next = fields[fields.indexOf(event.target) + 1];
    if (next) { next.focus(); }
  });

  /* ---- messages ---- */
  function wrong(field, words) {
    var room = form.querySelector("[data-error-for='" + field + "']");
    if (!room) { return false; }
    room.textContent = "";
    if (words) {
      var line = document.createElement("span");
      line.className = "field-error";
      line.textContent = words;
      room.appendChild(line);
    }
    return true;
  }
  function say(words, tone) {
    says.textContent = "";
    if (!words) { return; }
    var line = document.createElement("span");
    line.className = tone || "field-error";
    line.textContent = words;
    says.appendChild(line);
  }
  var INPUTS = { capacity: "input[name=capacity]", signer_name: "#id_signer_name", identity_document: "#id_identity_document", paper_scan: "#id_paper_scan", authorisation: "#id_authorisation", signature: "#pad-clear" };
  function show(answer) {
    var errors = answer.errors || {}, rest = [], first = null;
    Object.keys(errors).forEach(function (field) {
      if (field === "confirm_duplicate") { return; }
      if (!wrong(field, errors[field])) { rest.push(errors[field]); }
      if (!first && INPUTS[field]) { first = form.querySelector(INPUTS[field]); }
    });
    say(rest.join(" "));
    if (answer.duplicate) {
      document.getElementById("duplicate-link").href = answer.duplicate;
      document.getElementById("duplicate").hidden = false;
      first = document.getElementById("id_confirm_duplicate");
    }
    (first || button).focus();
  }

  /* ---- sending ---- */
  var underWay = false;
  var label = button.querySelector("[data-label]");
  function busy(on) {
    underWay = on;
    button.setAttribute("aria-disabled", on ? "true" : "false");
    label.textContent = on ? button.getAttribute("data-busy") : button.getAttribute("data-words");
  }
  function toLogin() {
    say("登录已过期，正在转到登录页。草稿还在，重新登录后请重新签名。", "working");
    window.location.assign(form.getAttribute("data-login") + "?next=" + encodeURIComponent(form.getAttribute("data-draft")));
  }
  function request(address, options) {
    var stop = "AbortController" in window ? new AbortController() : null;
    var timer = window.setTimeout(function () { if (stop) { stop.abort(); } }, PATIENCE);
    options.credentials = "same-origin";
    options.cache = "no-store";
    options.headers = { Accept: "application/json" };
    if (stop) { options.signal = stop.signal; }
    return fetch(address, options).then(function (answer) { window.clearTimeout(timer); return answer; }, function (error) { window.clearTimeout(timer); throw error; });
  }
  function isJson(answer) { return /json/.test(answer.headers.get("content-type") || ""); }

  function send() {
    if (underWay) { return; }
    busy(true);
    say("");
    ["capacity", "signer_name", "identity_document", "signature", "paper_scan", "authorisation"].forEach(function (field) { wrong(field, ""); });
    document.getElementById("signature").value = value("signed_by") === "paper" || pad.isEmpty() ? "" : pad.toDataURL("image/png");
    request(form.action, { method: "POST", body: new FormData(form) }).then(function (answer) {
      if (answer.status === 401) { toLogin(); return null; }
      if (answer.status >= 500 || !isJson(answer)) {
        if (answer.status === 403) { busy(false); say("页面已过期，没有签署。请刷新页面，草稿还在，需要重新签名。"); return null; }
        ask();
        return null;
      }
      return answer.json().then(function (body) {
        if (answer.ok && body.next) { window.location.assign(body.next); return; }
        busy(false);
        document.dispatchEvent(new Event("session-extended"));
        show(body);
      });
    }).catch(ask);
  }

  /* The answer was lost. Ask until the server says what became of the draft. */
  function ask() {
    say("网络中断，未确认是否成功，正在查询…", "working");
    request(form.getAttribute("data-state"), { method: "GET" }).then(function (answer) {
      if (answer.status === 401) { toLogin(); return; }
      if (!answer.ok || !isJson(answer)) { throw new Error("unknown"); }
      return answer.json().then(function (body) {
        if (body.next) { window.location.assign(body.next); return; }
        busy(false);
        say("网络已恢复：刚才没有签署成功，签名还在，请再按一次“签署”。");
        button.focus();
      });
    }).catch(function () { window.setTimeout(ask, PAUSE); });
  }

  form.addEventListener("submit", function (event) {
    var by = event.submitter;
    if (by && by.hasAttribute("data-plain")) { return; }
    event.preventDefault();
    send();
  });
  window.addEventListener("beforeunload", function (event) {
    // Leaving while it is under way would hide the outcome; leaving afterwards is what the page does itself.
    if (underWay && says.querySelector(".working")) { event.preventDefault(); }
  });
})();
